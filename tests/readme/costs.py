#!/usr/bin/python3
"""Holds the table of costs in README.md against what `make size` measures now. usage: costs.py [--update]"""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
README = os.path.join(ROOT, "README.md")
BLOCK = re.compile(r"(<!-- make size -->\n)(.*?)(<!-- end -->\n)", re.S)


def measured():
    text = subprocess.run([ROOT + "/scripts/size", "--markdown"], capture_output=True, text=True, cwd=ROOT).stdout
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")][:3] for line in text.splitlines() if line.startswith("|")]
    return "".join("| %s |\n" % " | ".join(row) for row in rows)


def main(update):
    if not shutil.which("arm-none-eabi-gcc"):
        print("skip the costs in README.md: no arm-none-eabi-gcc")
        return 0
    with open(README, encoding="utf-8") as readme:
        text = readme.read()
    table = measured()
    if update:
        with open(README, "w", encoding="utf-8") as readme:
            readme.write(BLOCK.sub(lambda found: found[1] + table + found[3], text))
        return 0
    found = BLOCK.search(text)
    same = bool(found and table and found[2] == table)
    print("ok the costs in README.md are those of today" if same else
          "not ok the costs in README.md are those of today: run tests/readme/costs.py --update")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main("--update" in sys.argv))
