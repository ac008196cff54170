"""Running both sides, test signals, and rows of the table."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

import runs

RATE = 48_000
BROKEN = "**BROKEN**"
# Not effects, but parts of the program that others have too.
OUTSIDE = ("resampler",)

# For sox, which looks nowhere by itself.
os.environ.setdefault("LADSPA_PATH", "/usr/lib/ladspa")
_BENCH = Path(os.environ.get("BENCH") or sys.exit("set BENCH to the folder of the peers"))
_FFMPEG = _BENCH / "ffmpeg9" if (_BENCH / "ffmpeg9").exists() else "ffmpeg"
_OURS = runs.tonmeister()
_FOLDER = tempfile.TemporaryDirectory(prefix="against")
_NUMBERS = itertools.count()
_COMPARISONS = []


# Rows


@dataclass
class Row:
    """One comparison. What may differ has a lower bound too."""

    peer: str
    what: str
    value: float
    unit: str
    low: float
    high: float
    why: str
    differs: bool = False
    effect: str = ""

    @property
    def verdict(self):
        if not self.low <= self.value <= self.high:
            return BROKEN
        return "differs" if self.differs else "agrees"

    def line(self):
        interval = f"{_figure(self.low, self.unit)} … " if self.differs and np.isfinite(self.low) else ""
        sign = "" if interval else "≤ "
        bound = f"{interval}{sign}{_figure(self.high, self.unit)}" if np.isfinite(self.high) else f"≥ {_figure(self.low, self.unit)}"
        cells = (f"`{self.effect}`", self.peer, self.what, f"{_figure(self.value, self.unit)} {self.unit}", bound,
                 self.verdict, self.why)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _figure(value, unit):
    if unit == "frames":
        return f"{value:g}"
    if value and abs(value) < 0.01:
        return f"{value:.1g}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 20 else f"{value:.1f}"


def agrees(peer, what, value, bound, unit="dB", why=""):
    """The value should not exceed the bound."""
    return Row(peer, what, float(value), unit, -np.inf, bound, why)


def differs(peer, what, value, low, high, unit="dB", why=""):
    """The two are meant to differ, by this much."""
    return Row(peer, what, float(value), unit, low, high, why, True)


def against(effect):
    """Registers a generator of rows for an effect."""
    def register(compare):
        _COMPARISONS.append((compare.__module__, effect, compare))
        return compare
    return register


def registered(module):
    return [(effect, compare) for name, effect, compare in _COMPARISONS if name == module]


def rows_of(effect, compare):
    """The rows of a comparison; one that cannot be made is broken, and says why."""
    try:
        for row in compare():
            row.effect = effect
            yield row
    except (runs.Failed, OSError, ValueError, KeyError, ImportError) as error:
        said = " ".join(str(error).split())[:160]
        yield Row("", f"failed: {said}", np.nan, "", 0.0, 0.0, "", effect=effect)


# Both sides


def _path(end=".wav"):
    return Path(_FOLDER.name) / f"{next(_NUMBERS)}{end}"


def write(samples, rate=RATE):
    """A 32-bit float file of these samples (frames, or frames × channels)."""
    path = _path()
    sf.write(path, np.asarray(samples, dtype=np.float32), rate, subtype="FLOAT")
    return path


def read(path):
    return sf.read(path, always_2d=True)[0]


def rack():
    """The effects that there are."""
    done = subprocess.run([_OURS, "rack", "--json"], capture_output=True, text=True, check=True)
    return {effect["id"] for shelf in json.loads(done.stdout) for effect in shelf["effects"]}


def ours(effect, samples, rate=RATE, files=None, tail=False, **settings):
    """What our effect makes of these samples. `__` in a name is the `/` of an address."""
    out = _path()
    command = [_OURS, "process", effect, str(write(samples, rate)), "-o", str(out), "--bits", "32f", "--quiet"]
    for address, value in settings.items():
        command += ["--set", f"{address.replace('__', '/')}={_value(value)}"]
    for key, path in (files or {}).items():
        command += ["--file", f"{key}={path}"]
    runs.run(command + (["--tail"] if tail else []))
    return read(out)


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{float(value)!r}" if not float(value).is_integer() else f"{value:g}"


def ours_mix(song, name):
    """A song of ours, mixed."""
    folder, out = Path(_FOLDER.name) / name, _path()
    folder.mkdir()
    (folder / "song.toml").write_text(song, encoding="utf-8")
    runs.run([_OURS, "mix", str(folder / "song.toml"), "-o", str(out), "--bits", "32f", "--quiet"])
    return read(out)


def ffmpeg(graph, samples, rate=RATE, outputs=1, more=()):
    """What ffmpeg's filters make of it, in double precision as far as they have it."""
    command = [str(_FFMPEG), "-v", "error", "-nostdin", "-i", str(write(samples, rate))]
    for path in more:
        command += ["-i", str(path)]
    paths = [_path() for _ in range(outputs)]
    if outputs == 1 and not more:
        command += ["-af", f"aformat=sample_fmts=dblp,{graph}", "-c:a", "pcm_f32le", str(paths[0])]
    else:
        command += ["-filter_complex", graph]
        for number, path in enumerate(paths):
            command += ["-map", f"[o{number}]", "-c:a", "pcm_f32le", str(path)]
    runs.run(command)
    found = [read(path) for path in paths]
    return found[0] if outputs == 1 else found


def ladspa(plugin, samples, rate=RATE, *controls):
    """What a LADSPA plug-in makes of it, run by the system's ffmpeg; `plugin` is file and label."""
    file, label = plugin
    out = _path()
    given = ":controls=" + "|".join(f"c{n}={value}" for n, value in enumerate(controls)) if controls else ""
    runs.run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(write(samples, rate)), "-af",
              f"ladspa=file={file}:plugin={label}{given}", "-c:a", "pcm_f32le", str(out)])
    return read(out)


def lv2(uri, samples, rate=RATE, **controls):
    """What an LV2 plug-in makes of it, run by the system's ffmpeg, which needs as many channels as the plug-in has."""
    out = _path()
    given = ":c=" + "|".join(f"{symbol}={value}" for symbol, value in controls.items()) if controls else ""
    address = uri.replace(":", "\\\\:")
    runs.run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(write(samples, rate)), "-af", f"lv2=p={address}{given}", "-c:a", "pcm_f32le",
              str(out)])
    return read(out)


def sox(effects, samples, rate=RATE):
    """What sox makes of it."""
    out = _path()
    runs.run(["sox", "-D", str(write(samples, rate)), "-e", "floating-point", "-b", "32", str(out), *effects.split()])
    return read(out)


def versions():
    """Who the others are."""
    def first(command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    import pedalboard
    import scipy
    import soxr
    sox_version = first(["sox", "--version"]).split()[-1].lstrip("v")
    names = [f"ffmpeg {first([str(_FFMPEG), '-version']).split()[2]}", f"sox {sox_version}", f"scipy {scipy.__version__}",
             f"numpy {np.__version__}", f"soxr {soxr.__version__}", f"pedalboard {pedalboard.__version__}"]
    if shutil.which("dpkg-query"):
        for package in ("swh-plugins", "calf-plugins", "lsp-plugins-lv2", "x42-plugins", "eq10q", "invada-studio-plugins-lv2", "caps", "tap-plugins",
                        "zam-plugins", "rev-plugins", "ladspa-sdk"):
            names.append(f"{package} {first(['dpkg-query', '-W', '-f', '${Version}', package])}")
    return ", ".join(names)


# Signals


def impulse(frames=1 << 17, at=0, level=0.1, channels=1):
    x = np.zeros((frames, channels))
    x[at] = level
    return x


def sine(hz, seconds, level=0.5, rate=RATE):
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)[:, None]


def sweep(seconds, level=0.5, rate=RATE, low=20.0, high=20_000.0):
    """Exponential, with soft ends."""
    t = np.arange(int(seconds * rate)) / rate
    octaves = np.log(high / low)
    x = level * np.sin(2 * np.pi * low * seconds / octaves * np.expm1(t / seconds * octaves))
    ends = np.minimum(1, np.minimum(t, t[::-1]) / 0.02)
    return (x * ends)[:, None]


def pink(seconds, rms=0.1, rate=RATE, low=20.0, high=20_000.0, channels=1, seed=1):
    """Noise with the same power in each octave."""
    frames = int(seconds * rate)
    random = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(frames, 1 / rate)
    shape = np.where((hz >= low) & (hz <= high), 1 / np.sqrt(np.maximum(hz, 1e-9)), 0.0)[:, None]
    x = np.fft.irfft(np.fft.rfft(random.standard_normal((frames, channels)), axis=0) * shape, frames, axis=0)
    return x * rms / np.sqrt((x**2).mean())


def steps(levels_db, each_s, rate=RATE):
    """A voltage that stands at each level for so long: no detector sees a ripple."""
    return np.repeat(10 ** (np.asarray(levels_db, dtype=float) / 20), int(each_s * rate))[:, None]


def bursts(seconds=4.0, rate=RATE, seed=2):
    """Tones and noise, struck at many levels: what dynamics have to deal with."""
    random = np.random.default_rng(seed)
    x = 0.02 * pink(seconds, 0.1, rate, seed=seed)
    t, at = np.arange(int(seconds * rate)) / rate, 0.2
    while at < seconds - 0.1:
        level, hz, decay = 10 ** (random.uniform(-40, -1) / 20), 2 ** random.uniform(6, 13), random.uniform(0.02, 0.2)
        on = np.maximum(t - at, 0)
        x[:, 0] += np.where(t >= at, level * np.sin(2 * np.pi * hz * on) * np.exp(-on / decay), 0)
        at += random.uniform(0.05, 0.4)
    return np.clip(x, -1, 1)


class Tones:
    """A chord that can be looked up at any moment, between the frames too."""

    def __init__(self, hz=(110.0, 440.0, 1300.0, 5000.0, 9000.0), level=0.1, swell=None):
        self.hz, self.level, self.swell = hz, level, swell

    def at(self, seconds):
        y = sum(self.level * np.sin(2 * np.pi * hz * seconds + n) for n, hz in enumerate(self.hz))
        if self.swell:  # A bell curve (center and width in seconds), so that it begins and ends.
            center, width = self.swell
            y = y * np.exp(-0.5 * ((seconds - center) / width) ** 2)
        return y


# Figures


def db(x):
    return 20 * np.log10(np.maximum(np.abs(x), 1e-12))


def null_db(found, wanted, skip=0):
    """Level of the difference against that of what was wanted."""
    n = min(len(found), len(wanted))
    found, wanted = found[skip:n], wanted[skip:n]
    return 10 * np.log10(max(((found - wanted) ** 2).sum(), 1e-30) / max((wanted**2).sum(), 1e-30))


def response(samples, rate=RATE, level=0.1, low=20.0, high=20_000.0):
    """Frequencies, and the complex response at them, of what became of an impulse."""
    spectrum = np.fft.rfft(samples[:, 0]) / level
    hz = np.fft.rfftfreq(len(samples), 1 / rate)
    inside = (hz >= low) & (hz <= min(high, 0.499 * rate))
    return hz[inside], spectrum[inside]


def worst_db(one, other, floor=-60.0):
    """The greatest difference of level; what lies below the floor is silence."""
    return np.abs(np.maximum(db(one), floor) - np.maximum(db(other), floor)).max()


def harmonics(samples, hz, count, rate=RATE):
    """Levels of the overtones, as complex amplitudes, of the last second (whole `hz`)."""
    spectrum = np.fft.rfft(samples[-rate:, 0]) * 2 / rate
    return np.array([spectrum[hz * k] for k in range(1, count + 1)])


def crossing(y, target, rising=True):
    """Where a curve passes a value, between the frames."""
    n = int(np.argmax(y >= target if rising else y <= target))
    return n - 1 + (target - y[n - 1]) / (y[n] - y[n - 1])
