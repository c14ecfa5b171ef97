#!/usr/bin/python3
"""Tests of the command against servers of our own: command.py PROGRAM [NAME…]. Prints ok, not ok and skip lines."""
import concurrent.futures
import importlib
import os
import sys
import traceback

ROOMS = ('arguments', 'refusals', 'contents', 'fields', 'texts', 'standing_in', 'streams', 'misbehaving', 'cutting')
AT_ONCE = 6


def run(name, test):
    from common import Skip
    try:
        test()
        return 'ok ' + name
    except Skip as why:
        return 'skip %s: %s' % (name, why)
    except Exception:
        trace = ''.join('# %s\n' % line[:1500] for line in traceback.format_exc().splitlines())
        return trace + 'not ok ' + name


def main():
    sys.argv[1] = os.path.abspath(sys.argv[1])
    here = os.path.dirname(os.path.abspath(__file__))
    rooms = [importlib.import_module(room) for room in ROOMS if os.path.exists('%s/%s.py' % (here, room))]
    tests = [('command_' + name[5:], test) for room in rooms for name, test in vars(room).items() if name.startswith('test_')]
    wanted = sys.argv[2:]
    tests = [(name, test) for name, test in tests if not wanted or any(word in name for word in wanted)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:  # most of them wait for servers that are slow on purpose
        results = []
        for result in pool.map(run, *zip(*tests)):
            print(result, flush=True)
            results.append(result)
    return 1 if not results or any('not ok' in result for result in results) else 0


if __name__ == '__main__':
    sys.exit(main())
