"""Train a random forest on the digits data that ship with scikit-learn and log it to MLflow.

MLFLOW_TRACKING_URI says where. Run it on the platform with `mlops train examples/train.py -- --max-depth 8`.
"""

from __future__ import annotations

import argparse

import mlflow
import mlflow.sklearn
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-estimators", type=int, default=60, help="number of trees")
    parser.add_argument("--max-depth", type=int, default=12, help="greatest depth of a tree")
    parser.add_argument("--run-name", default="digits-forest", help="name of the run in MLflow")
    parser.add_argument("--model-name", default="digits", help="name in the model registry")
    options = parser.parse_args()

    features, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    mlflow.set_experiment("digits")
    with mlflow.start_run(run_name=options.run_name) as run:
        mlflow.log_params(
            {"n_estimators": options.n_estimators, "max_depth": options.max_depth, "seed": SEED}
        )
        forest = RandomForestClassifier(
            n_estimators=options.n_estimators, max_depth=options.max_depth, random_state=SEED
        ).fit(train_x, train_y)
        predicted = forest.predict(test_x)
        mlflow.log_metrics(
            {
                "accuracy": float(accuracy_score(test_y, predicted)),
                "f1_macro": float(f1_score(test_y, predicted, average="macro")),
            }
        )
        mlflow.sklearn.log_model(
            forest,
            name="model",
            registered_model_name=options.model_name,
            input_example=test_x[:2],
            skops_trusted_types=["sklearn.tree._tree.Tree"],
        )
        print(f"run {run.info.run_id} accuracy {accuracy_score(test_y, predicted):.4f}")


if __name__ == "__main__":
    main()
