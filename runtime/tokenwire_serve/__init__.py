"""The application: any engine, served over gRPC and HTTP."""
