"""Keeps pods off GPU nodes that MIG manager has not cut yet.

A node of a GPU pool comes up with a taint, and NVIDIA's MIG manager tells in the label `nvidia.com/mig.config.state`
how far it is. Until it says `success`, and again whenever it stops saying so, the node has the taint; a pod that was
let on in between would hold a GPU that is about to be cut anew. No part of the GPU operator does this.

Setting (environment): TAINT, the taint's key, besides those of `in_cluster`.
"""
