"""The protobuf wire format: what generated codecs are made of."""
