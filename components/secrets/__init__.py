"""How workloads get secrets without this program ever holding one."""
