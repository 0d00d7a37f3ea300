"""A real Kubernetes on this machine, for the tests and for developers: see README.md."""
