"""Album documents for benchmarks, and releases made of them."""

import json
from pathlib import Path

import runs

KINDS = {".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aiff", ".opus"}

SETS = [
    {"format": "wav", "depth": "24", "sample_rate_hz": 96000},
    {"format": "wav", "depth": "16", "sample_rate_hz": 44100},
    {"format": "flac", "depth": "24"},
    {"format": "aiff", "depth": "24"},
    {"format": "alac", "depth": "16"},
    {"format": "mp3"},
    {"format": "mp3", "bitrate_kbps": 128},
    {"format": "aac"},
    {"format": "vorbis"},
    {"format": "opus"},
]


def tracks(folder):
    """The audio files of a folder, in order."""
    return [file.resolve() for file in sorted(Path(folder).iterdir()) if file.suffix.lower() in KINDS]


def document(files, sets, loudness=-14.0, ceiling=-1.0, mode="song", cd=False, album="", song=""):
    """An album of these files; `album` and `song` are more lines for those tables."""
    text = f'[album]\ntitle = "Benchmark"\nartist = "Several"\nloudness_lufs = {loudness}\nceiling_dbtp = {ceiling}\n'
    text += f'mode = "{mode}"\ngap_s = 2.0\n{album}'
    for file in files:
        text += f"\n[[song]]\naudio = {json.dumps(str(file))}\n{song}"
    for wanted in sets:
        text += "\n[[deliver]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in wanted.items())
    return text + ("\n[cd]\n" if cd else "")


def make(ours, text, folder):
    """Makes a release in `folder`/out; what it cost, and its report.

    Code 6 says that some song stays below its figure for the limits on limiting; the release is whole all the same.
    """
    folder = Path(folder)
    album, out = folder / "album.toml", folder / "out"
    album.write_text(text, encoding="utf-8")
    cost = runs.run([ours, "release", str(album), "-o", str(out), "--quiet"], well=(0, 6))
    return cost, json.loads((out / "release.json").read_text(encoding="utf-8"))
