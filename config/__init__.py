"""What we want: typed settings of a stack, the catalogue of versions and the facts that follow from them."""
