#!/usr/bin/python3
"""Tests of the command against servers of our own: command.py PROGRAM [NAME…]. Prints ok, not ok and skip lines."""
import concurrent.futures
import importlib
import os
import sys
import traceback

ROOMS = ('arguments', 'refusals', 'contents', 'chunks', 'ahead', 'pools', 'parameters', 'asking', 'batches', 'fields', 'texts', 'standing_in', 'streams', 'misbehaving', 'cutting')


def run(named):
    from common import Skip
    name, test = named
    try:
        test()
        return 'ok ' + name
    except Skip as why:
        return 'skip %s: %s' % (name, why)
    except Exception:
        trace = ''.join('# %s\n' % line[:1500] for line in traceback.format_exc().splitlines())
        return trace + 'not ok ' + name


def report(tests, at_once=1):
    """Runs pairs of name and test, prints a line for each, returns the exit code."""
    results = []
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for result in pool.map(run, tests):
            print(result, flush=True)
            results.append(result)
    return 1 if not results or any('not ok' in result for result in results) else 0


def main():
    sys.argv[1] = os.path.abspath(sys.argv[1])
    rooms = [importlib.import_module(room) for room in ROOMS]
    tests = [('command_' + name[5:], test) for room in rooms for name, test in vars(room).items() if name.startswith('test_')]
    wanted = sys.argv[2:]
    # Several at once: most of them wait for servers that are slow on purpose.
    return report([pair for pair in tests if not wanted or any(word in pair[0] for word in wanted)], 6)


if __name__ == '__main__':
    sys.exit(main())
