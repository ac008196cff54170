"""Repair: damage that is known, mended by both; and the de-esser."""

import os
from pathlib import Path

import numpy as np
import soundfile as sf

import runs

from .common import RATE, against, agrees, db, differs, ffmpeg, impulse, ours, pink, response


def music(seconds=20.0):
    """A real song's vocals and guitars where there are any, otherwise a made-up tune."""
    folder = Path(os.environ.get("TONMEISTER_MATERIAL") or runs.ROOT.parent / "shared" / "material")
    for song in ("songs/evr_caesium/reference_mix.flac",):
        if (folder / song).exists():
            x, rate = sf.read(folder / song, always_2d=True, start=5 * RATE, frames=int(seconds * RATE))
            if rate == RATE:
                x = x.mean(axis=1, keepdims=True)
                return 0.5 * x / np.abs(x).max(), "a song"
    t = np.arange(int(seconds * RATE)) / RATE
    x = np.zeros(len(t))
    random = np.random.default_rng(3)
    for at in np.arange(0, seconds, 0.25):
        hz = 110 * 2 ** (random.integers(0, 36) / 12)
        on = np.maximum(t - at, 0)
        x += np.where(t >= at, np.exp(-3 * on) * sum(np.sin(2 * np.pi * hz * k * on) / k**1.5 for k in range(1, 12)), 0)
    return 0.5 * x[:, None] / np.abs(x).max(), "a made-up tune"


def sdr(found, clean, skip_s=0.0):
    skip = int(skip_s * RATE)
    n = min(len(found), len(clean))
    found, clean = found[skip:n], clean[skip:n]
    return 10 * np.log10((clean**2).sum() / ((found - clean) ** 2).sum())


def aligned(found, clean):
    """Without the other's latency, found by correlation."""
    n = 1 << int(np.ceil(np.log2(2 * len(clean))))
    one, other = np.fft.rfft(found[:len(clean), 0], n), np.fft.rfft(clean[:, 0], n)
    late = int(np.argmax(np.fft.irfft(one * np.conj(other), n)[:RATE]))
    return found[late:]


def beside(peer, name, damaged, clean, y, theirs, least, skip_s=0.0, note=""):
    """Both rows: what it brings, and whether it brings less than the other's."""
    was, now, other = (sdr(x, clean, skip_s) for x in (damaged, y, aligned(theirs, clean)))
    yield differs("the clean sound", f"{name}: signal to distortion, mended less damaged", now - was, least, np.inf,
                  why=f"{was:.1f} dB damaged, {now:.1f} dB mended")
    yield differs(peer, f"{name}: signal to distortion, ours less theirs", now - other, -0.5, np.inf,
                  why=f"theirs: {other:.1f} dB; other methods, so only the result can be compared{note}")


@against("denoise")
def denoise():
    song, what = music()
    clean = np.concatenate([np.zeros((RATE, 1)), song])
    random = np.random.default_rng(4)
    for snr, least in ((10, 5.0), (20, 3.0), (40, -0.5)):
        noise = random.standard_normal(clean.shape)
        noise *= np.sqrt((song**2).mean() / (noise**2).mean()) * 10 ** (-snr / 20)
        level = db(noise.std())
        damaged = clean + noise
        theirs = ffmpeg(f"afftdn=nr=18:nf={max(-80, min(-20, level)):.1f}", damaged)
        yield from beside("ffmpeg `afftdn`", f"{what}, white noise {snr} dB below it, alone for a second", damaged, clean,
                          ours("denoise", damaged, lead_in_seconds=1.0), theirs, least, 1.0,
                          "; theirs is told how loud the noise is, ours learns it from that second")
        if snr == 40:
            was, now = (sdr(x, clean, 6.0) for x in (damaged, ours("denoise", damaged)))
            yield differs("the clean sound", f"{what}, white noise {snr} dB below it, nothing learned: mended less damaged",
                          now - was, -0.5, np.inf, why=f"{was:.1f} dB damaged, {now:.1f} dB mended; where the sound has no gaps "
                          "nothing is known of the noise, and nothing is taken away")


def hum(frames, level, mains=50.0, drift=0.0):
    """Odd harmonics above all; the frequency sways by `drift` Hz in forty seconds."""
    t = np.arange(frames) / RATE
    phase = 2 * np.pi * np.cumsum(mains + drift * np.sin(2 * np.pi * t / 40)) / RATE
    random = np.random.default_rng(5)
    y = sum((1 if h % 2 else 0.3) / h**1.5 * np.cos(h * phase + random.uniform(0, 2 * np.pi)) for h in range(1, 21))
    return y[:, None] * 10 ** (level / 20) / y.std()


@against("dehum")
def dehum():
    song, what = music()
    untouched = ours("dehum", song)
    yield agrees("the input", f"{what} without hum: null", db(np.abs(untouched[:len(song)] - song).max()), -140)
    nothing = np.zeros_like(song)
    for sound, name, levels in ((nothing, "hum alone", ((-40, 40.0),)), (song, what, ((-30, 10.0), (-40, -0.05), (-50, -0.05)))):
        for level, least in levels:
            added = hum(len(sound), level, drift=0.1)
            damaged = sound + added
            left, notched = (x[:len(sound)] - sound for x in (ours("dehum", damaged), ffmpeg(NOTCHES, damaged)))
            inside = slice(0, -RATE // 10)
            fallen, theirs = (db(added[inside].std()) - db(x[inside].std()) for x in (left, notched))
            yield differs("the clean sound", f"{name}, hum at {level} dBFS that drifts by 0.1 Hz: hum and harm, before over after",
                          fallen, least, np.inf, why="what is not sure to be hum stays" if sound is song else "")
            yield differs("ffmpeg `bandreject`", f"{name}, the same: ours less theirs", fallen - theirs, -0.5, np.inf,
                          why=f"theirs: {theirs:.1f} dB; twenty notches 2 Hz wide take the music's own tones and their beginnings, too")


NOTCHES = ",".join(f"bandreject=f={50 * h}:width_type=h:w=2" for h in range(1, 21))


@against("phase_rotation")
def phase_rotation():
    hz, found = response(ours("phase_rotation", impulse(), frequency_hz=200, turns=2))
    s = 1j * np.tan(np.pi * hz / RATE) / np.tan(np.pi * 200 / RATE)
    yield agrees("all-passes (numpy)", "200 Hz, two turns: response", db(np.abs(found - ((1 - s) / (1 + s)) ** 4).max()), -100)


@against("declick")
def declick():
    clean, what = music(10.0)
    random = np.random.default_rng(6)
    damaged = clean.copy()
    for at in random.integers(1000, len(clean) - 1000, 200):
        length = random.integers(2, 30)
        damaged[at:at + length, 0] += random.uniform(-0.5, 0.5) * np.hanning(length + 2)[1:-1] * random.choice([-1, 1], length)
    yield from beside("ffmpeg `adeclick`", f"{what}, 200 clicks of 2 to 30 frames", damaged, clean, ours("declick", damaged),
                      ffmpeg("adeclick", damaged), 6.0)


@against("declip")
def declip():
    clean, what = music(10.0)
    ceiling = np.quantile(np.abs(clean), 0.98)
    damaged = np.clip(clean, -ceiling, ceiling)
    yield from beside("ffmpeg `adeclip`", f"{what}, 2 % of the samples cut off", damaged, clean, ours("declip", damaged),
                      ffmpeg("adeclip", damaged), 3.0)


@against("deesser")
def deesser():
    """Vowels (harmonics to 3 kHz) and sibilants (noise in the middle of the band) in turn, half a second each."""
    t = np.arange(4 * RATE) / RATE
    vowel = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 20))[:, None] * 0.1
    hiss = pink(4.0, 0.1, low=6500, high=7800)
    turn = (t % 1.0 >= 0.5)[:, None]
    voice = np.where(turn, hiss, vowel)

    def reductions(y, x):
        cut = []
        for start in (2.0, 2.5):
            inside = slice(int((start + 0.2) * RATE), int((start + 0.45) * RATE))
            cut.append(db(x[inside].std()) - db(y[inside].std()))
        return cut

    loud, soft = reductions(ours("deesser", voice), voice), reductions(ours("deesser", 0.05 * voice), 0.05 * voice)
    yield agrees("what is written", "a sibilant alone: deviation from `range_db`", abs(loud[1] - 8), 0.7,
                 why="the noise reaches the skirts of the band, where less is taken")
    yield agrees("the input", "a vowel: level taken away", abs(loud[0]), 0.1)
    yield agrees("itself", "a sibilant 26 dB softer: difference of the reduction", abs(loud[1] - soft[1]), 0.05)
    graph = "deesser=i=0.5:m=0.5:f=0.5"
    loud_there, soft_there = (reductions(ffmpeg(graph, level * voice), level * voice) for level in (1.0, 0.05))
    yield differs("ffmpeg `deesser`", "a sibilant 26 dB softer: reduction lost, theirs", abs(loud_there[1] - soft_there[1]), 0.3, 30,
                  why="it compares slopes of the wave with fixed numbers, so a soft singer is not de-essed; ours compares the "
                      "band with the whole sound")
