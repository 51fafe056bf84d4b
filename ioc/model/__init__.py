"""The words of the project: plain types that every stage speaks, free of input and output."""
