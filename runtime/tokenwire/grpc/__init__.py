"""gRPC over HTTP/2: a server and the wire that the client shares, on subclasses of grpclib's classes."""
