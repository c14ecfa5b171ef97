#!/usr/bin/python3
"""Tests of `postino sink` over raw sockets: sink.py PROGRAM [NAME…]. Prints ok, not ok and skip lines."""
import sys
import traceback

import auth
import commands
import content
import faults
import load
import options
import storing
import tls

from harness import Skipped


def run(name, test):
    try:
        test()
        print('ok sink_' + name, flush=True)
        return True
    except Skipped as why:
        print('skip sink_%s: %s' % (name, why), flush=True)
        return True
    except Exception:
        print(''.join('# %s\n' % line[:400] for line in traceback.format_exc().splitlines()), end='')
        print('not ok sink_' + name, flush=True)
        return False


rooms = (options, commands, content, storing, faults, load, tls, auth)
tests = [(name[5:], test) for room in rooms for name, test in vars(room).items() if name.startswith('test_')]
wanted = sys.argv[2:]
results = [run(name, test) for name, test in tests if not wanted or name in wanted]
sys.exit(0 if results and all(results) else 1)
