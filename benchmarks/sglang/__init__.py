"""The same real SGLang engine behind its own front ends and behind ours."""
