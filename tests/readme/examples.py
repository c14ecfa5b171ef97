#!/usr/bin/python3
"""Builds the examples of README.md as a reader would, and runs them against the sink. usage: examples.py POSTINO BUILD"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLAGS = ["-std=c99", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def check(name, passed, why=""):
    print("ok " + name if passed else "not ok %s: %s" % (name, why.strip().replace("\n", " | ")), flush=True)
    return passed


def main(postino, build):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        examples = re.findall(r"^```c\n(.*?)^```$", readme.read(), re.S | re.M)
    check("README has a blocking and a non-blocking example", len(examples) == 2, "%d examples" % len(examples))
    libraries = subprocess.check_output(["pkg-config", "--libs", "libcares", "libssl", "libcrypto", "libidn", "libidn2"],
                                        text=True).split()
    for number, source in enumerate(examples):
        name = "README example %d" % (number + 1)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "example.c")
            with open(path, "w", encoding="utf-8") as out:
                out.write(source)
            for compiler in ("gcc", "clang"):
                program = os.path.join(folder, compiler)
                done = subprocess.run([compiler] + FLAGS + ["-I" + ROOT + "/include", path, "-o", program,
                                                            build + "/ports/posix/libpostino-posix.a",
                                                            build + "/ports/openssl/libpostino-openssl.a",
                                                            build + "/src/libpostino.a"] + libraries,
                                      capture_output=True, text=True)
                if not check("%s builds with %s" % (name, compiler), done.returncode == 0, done.stderr):
                    continue
                sink = subprocess.Popen([postino, "sink", "--maildir", folder + "/mail-" + compiler],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                address = sink.stdout.readline().split()[-1]
                done = subprocess.run([program, "smtp://" + address], capture_output=True, text=True)
                sink.terminate()
                sink.wait()
                mails = os.listdir(folder + "/mail-" + compiler + "/new")
                check("%s by %s delivers one mail" % (name, compiler), done.returncode == 0 and len(mails) == 1,
                      done.stderr + repr(mails))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
