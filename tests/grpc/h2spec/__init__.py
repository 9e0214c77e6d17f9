"""RFC 9113 and RFC 7541 as a server has to enforce them: the cases of h2spec and more, in bare frames."""
