"""ipclint: finds insecure inter-process communication in Swift, Objective-C and C, in property lists and projects."""

__version__ = "0.1.0"
