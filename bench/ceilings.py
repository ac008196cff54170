"""ceilings.py TONMEISTER MASTERS...: how far the true peaks of masters lie from -1 dBTP, and their loudness from -14 LUFS.

Needs numpy, scipy and soundfile; ffmpeg is asked too.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import soundfile as sf

import truepeak


def of_ours(tool, path):
    said = subprocess.run([tool, "measure", str(path), "--json"], capture_output=True, text=True, check=True).stdout
    found = json.loads(said)
    found = (found.get("files") or [found])[0]
    found = found.get("loudness", found)
    return found["integrated_lufs"], found["true_peak_dbtp"]


def of_ffmpeg(path):
    command = ["ffmpeg", "-nostdin", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said)[-1])


def main():
    tool, *masters = sys.argv[1:]
    print("| master | loudness, LUFS | true peak, dBTP | off −1 dBTP | our meter off, dB | ffmpeg's meter off, dB |\n|---|---:|---:|---:|---:|---:|")
    for path in map(Path, masters):
        try:
            peak, _ = truepeak.of_file(path)
        except (sf.LibsndfileError, ValueError) as error:
            print(f"| {path.stem.removeprefix('j3_')} | left no master that can be read: {error} | | | | |", flush=True)
            continue
        lufs, ours = of_ours(tool, path)
        name = path.stem.removeprefix("j3_").replace("tonmeister", "**tonmeister**")
        print(f"| {name} | {lufs:.2f} | {peak:.3f} | {peak + 1:+.3f} | {ours - peak:+.3f} | {of_ffmpeg(path) - peak:+.3f} |", flush=True)


if __name__ == "__main__":
    main()
