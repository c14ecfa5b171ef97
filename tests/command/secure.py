#!/usr/bin/python3
"""Tests of TLS and authentication through the command: secure.py PROGRAM [NAME…]. Prints ok, not ok and skip lines."""
import command
import sys

command.ROOMS = ('tls', 'certificates', 'authentication')

if __name__ == '__main__':
    sys.exit(command.main())
