"""The process: settings, sockets, servers, signals and the drain."""
