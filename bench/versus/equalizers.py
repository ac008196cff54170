"""Equalizers and crossovers: against analog prototypes, ffmpeg and sox."""

import numpy as np
from scipy import signal
from scipy.optimize import brentq

from .common import (RATE, against, agrees, db, differs, ffmpeg, impulse, null_db, ours, response, sine, sox, worst_db)

RATES = (44_100, 48_000, 96_000)
PLAIN = 0.5**0.5


def bell(hz, gain, q):
    a, w = 10 ** (gain / 40), 2 * np.pi * hz
    return [1, a / q * w, w * w], [1, w / (a * q), w * w]


def low_shelf(hz, gain, q):
    a, w = 10 ** (gain / 40), 2 * np.pi * hz
    return [a, a * a**0.5 / q * w, a * a * w * w], [a, a**0.5 / q * w, w * w]


def high_shelf(hz, gain, q):
    a, w = 10 ** (gain / 40), 2 * np.pi * hz
    return [a * a, a * a**0.5 / q * w, a * w * w], [1, a**0.5 / q * w, a * w * w]


def high_pass(hz, q):
    w = 2 * np.pi * hz
    return [1, 0, 0], [1, w / q, w * w]


def low_pass(hz, q):
    w = 2 * np.pi * hz
    return [0, 0, w * w], [1, w / q, w * w]


def notch(hz, q):
    w = 2 * np.pi * hz
    return [1, 0, w * w], [1, w / q, w * w]


def band_pass(hz, q):
    w = 2 * np.pi * hz
    return [w / q, 0], [1, w / q, w * w]


def all_pass(hz, q):
    w = 2 * np.pi * hz
    return [1, -w / q, w * w], [1, w / q, w * w]


def truth(prototype, hz):
    return signal.freqs(*prototype, 2 * np.pi * hz)[1]


def of_ours(rate, effect="eq", **settings):
    return response(ours(effect, impulse(), rate, **settings), rate)


class Kind:
    """A kind of band, how it is written everywhere, and how near it should come to its model."""

    def __init__(self, name, group, prototype, ffmpeg_graph, sox_effect, cases, bound, cramped):
        self.name, self.group, self.prototype = name, group, prototype
        self.ffmpeg_graph, self.sox_effect = ffmpeg_graph, sox_effect
        self.cases, self.bound, self.cramped = cases, bound, cramped

    def settings(self, case):
        found = {f"{self.group}__{key}": value for key, value in case.items() if key != "q" or "pass" not in self.group}
        if self.group in ("bandpass", "allpasses__1"):
            found[f"{self.group}__q"] = case["q"]
        return found

    def truth(self, case, hz):
        values = [case["hz"], *([case["gain_db"]] if "gain_db" in case else []), case["q"]]
        return truth(self.prototype(*values), hz)


def gains(*cases):
    return [{"hz": hz, "gain_db": gain, "q": q} for hz, gain, q in cases]


def plain(*cases):
    return [{"hz": hz, "q": q} for hz, q in cases]


# The last case of each kind lies high up, where the bilinear transform bends the others' curves.
KINDS = [
    Kind("bell", "bells__1", bell, "equalizer=f={hz}:t=q:w={q}:g={gain_db}", "equalizer {hz} {q}q {gain_db}",
         gains((100, 6, 1), (300, -24, 0.5), (1000, -9, 2), (4000, 12, 8), (8000, -6, 0.7), (14_000, 6, 1)), 0.35, (1, 6)),
    Kind("low shelf", "low_shelves__1", low_shelf, "bass=f={hz}:t=q:w={q}:g={gain_db}", "bass {gain_db} {hz} {q}q",
         gains((60, 12, PLAIN), (120, -6, PLAIN), (1000, 6, 0.4), (8000, 9, PLAIN)), 0.15, (0.5, 6)),
    Kind("high shelf", "high_shelves__1", high_shelf, "treble=f={hz}:t=q:w={q}:g={gain_db}",
         "treble {gain_db} {hz} {q}q", gains((300, 6, PLAIN), (2000, -12, PLAIN), (8000, 6, 0.4), (12_000, 9, PLAIN)), 0.15,
         (0.5, 6)),
    Kind("high-pass, 12 dB/oct", "highpass", high_pass, "highpass=f={hz}:t=q:w={q}", "highpass -2 {hz} {q}q",
         plain((30, PLAIN), (120, PLAIN), (1000, PLAIN), (8000, PLAIN)), 0.1, (0.5, 6)),
    Kind("low-pass, 12 dB/oct", "lowpass", low_pass, "lowpass=f={hz}:t=q:w={q}", "lowpass -2 {hz} {q}q",
         plain((300, PLAIN), (1000, PLAIN), (3000, PLAIN), (12_000, PLAIN)), 0.5, (5, 60)),
    Kind("notch", "notches__1", notch, "bandreject=f={hz}:t=q:w={q}", "bandreject {hz} {q}q",
         plain((50, 10), (1000, 2), (3000, 10), (12_000, 2)), 0.3, (0.5, 30)),
    Kind("band-pass", "bandpass", band_pass, "bandpass=f={hz}:t=q:w={q}", "bandpass {hz} {q}q",
         plain((100, PLAIN), (1000, 2), (3000, PLAIN), (8000, PLAIN)), 0.35, (3, 60)),
]


# Where Q is not the Cookbook's.
FIXED_Q = {("ffmpeg", "low shelf"), ("ffmpeg", "high shelf")}


@against("eq")
def bands():
    for kind in KINDS:
        worst, at = 0.0, None
        for rate in RATES:
            for case in kind.cases:
                hz, found = of_ours(rate, **kind.settings(case))
                error = worst_db(found, kind.truth(case, hz), -48)
                worst, at = max((worst, at), (error, (rate, case["hz"])), key=lambda pair: pair[0])
        where = f"worst at {at[1]:g} Hz, rate {at[0]}" if at else ""
        yield agrees("analog prototype (`scipy.signal.freqs`)", f"{kind.name}: response 20 Hz–20 kHz to −48 dB, "
                     f"{len(kind.cases)} settings at 44.1, 48, 96 kHz", worst, kind.bound, why=where)
        yield from beside_bilinear(kind)


def beside_bilinear(kind):
    rate = 44_100
    for peer, run, text in (("ffmpeg", ffmpeg, kind.ffmpeg_graph), ("sox", sox, kind.sox_effect)):
        low, high = kind.cases[0], kind.cases[-1]
        what = f"{kind.name}, {low['hz']} Hz: response"
        hz, found = of_ours(rate, **kind.settings(low))
        _, theirs = response(run(text.format(**low), impulse(), rate), rate)
        inside = hz <= 1500
        name = f"{peer} `{text.split('=')[0].split()[0]}`"
        if (peer, kind.name) in FIXED_Q:
            yield differs(name, f"{what} to 1.5 kHz", worst_db(found[inside], theirs[inside]), 0.5, 3,
                          why="their Q is another number: √2 of the Cookbook's, which is ours and sox's")
        else:
            fitted = kind.name == "band-pass"
            yield agrees(name, f"{what} to 1.5 kHz", worst_db(found[inside], theirs[inside]), 0.2 if fitted else 0.1,
                         why="ours is fitted to its model over the whole band, and here is off by this much"
                         if fitted else "where nothing is cramped they are the same filter")
        if (peer, kind.name) in FIXED_Q:
            # What their Q of 0.7071 stands for.
            other = response(run(text.format(**{**low, "q": low["q"] / 2**0.5}), impulse(), rate), rate)[1]
            yield agrees(f"ffmpeg `{text.split('=')[0]}`, Q over √2", f"{what} to 1.5 kHz",
                         worst_db(found[inside], other[inside]), 0.1, why="in other words the same filter")
        hz, found = of_ours(rate, **kind.settings(high))
        _, theirs = response(run(text.format(**high), impulse(), rate), rate)
        exact = kind.truth(high, hz)
        yield differs(f"{peer} `{text.split('=')[0].split()[0]}`", f"{kind.name}, {high['hz']} Hz at 44.1 kHz: response",
                      worst_db(found, theirs), *kind.cramped,
                      why=f"their bilinear transform cramps the curve toward 22 kHz: theirs is {worst_db(theirs, exact):.2f} dB "
                          f"from the analog model, ours {worst_db(found, exact):.2f} dB")


@against("eq")
def slopes():
    for group, kind, bound in (("highpass", "highpass", 0.1), ("lowpass", "lowpass", 0.5)):
        worst, at = 0.0, ""
        for rate in RATES:
            for slope in (6, 18, 24, 36, 48, 72, 96):
                corner = {"highpass": 80, "lowpass": 9000}[kind]
                b, a = signal.butter(slope // 6, 2 * np.pi * corner, kind, analog=True, output="ba")
                hz, found = of_ours(rate, **{f"{group}__hz": corner, f"{group}__slope_db_oct": slope})
                error = worst_db(found, signal.freqs(b, a, 2 * np.pi * hz)[1], -48)
                if error > worst:
                    worst, at = error, f"worst with {slope} dB/oct at {rate}"
        yield agrees("analog Butterworth (`scipy.signal.butter`)", f"{kind}, 6 to 96 dB/oct: response to −48 dB", worst,
                     bound, why=at)
    for slope, corners in ((12, (300, 1000, 2000)), (48, (1000, 3000, 6000))):
        worst, at = 0.0, 0.0
        for corner in corners:
            hz, found = of_ours(44_100, lowpass__hz=corner, lowpass__slope_db_oct=slope)
            b, a = signal.butter(slope // 6, 2 * np.pi * corner, "low", analog=True, output="ba")
            wanted = signal.freqs(b, a, 2 * np.pi * hz)[1]
            error = np.where((db(wanted) < -48) & (db(wanted) > -90), np.abs(db(found) - db(wanted)), 0)
            worst, at = max((worst, at), (error.max(), db(wanted)[error.argmax()]))
        yield agrees("analog Butterworth (`scipy.signal.butter`)", f"low-pass, {slope} dB/oct at 44.1 kHz: response from −48 to −90 dB",
                     worst, 0.35, why=f"worst at {at:.0f} dB")
    worst = 0.0
    for resonance in (-6.0, 3.0, 12.0):
        hz, found = of_ours(RATE, lowpass__hz=2000, lowpass__resonance_db=resonance)
        worst = max(worst, worst_db(found, truth(low_pass(2000, 10 ** ((resonance - 3.0103) / 20)), hz)))
    yield agrees("analog prototype (`scipy.signal.freqs`)", "low-pass, 2 kHz with resonance: response to −60 dB", worst, 0.5)


@against("eq")
def phase_and_tilt():
    worst = 0.0
    for case in plain((100, PLAIN), (1000, 2), (3000, 0.5)):
        hz, found = of_ours(RATE, allpasses__1__hz=case["hz"], allpasses__1__q=case["q"])
        level = np.abs(db(found)).max()
        turn = np.degrees(np.angle(found / truth(all_pass(case["hz"], case["q"]), hz)))
        worst = max(worst, np.abs(turn[hz < 5000]).max())
    yield agrees("analog prototype (`scipy.signal.freqs`)", "all-pass: phase to 5 kHz", worst, 6.0, "°",
                 "an all-pass of second order cannot follow the analog phase on to half the rate, where its own must be a "
                 "whole turn")
    yield agrees("itself", "all-pass: level", level, 0.001)
    hz, found = of_ours(RATE, allpasses__1__hz=1000, allpasses__1__q=2)
    for peer, run, text in (("ffmpeg `allpass`", ffmpeg, "allpass=f=1000:t=q:w=2:o=2"), ("sox `allpass`", sox, "allpass 1000 2q")):
        theirs = response(run(text, impulse()), RATE)[1]
        turn = np.abs(np.degrees(np.angle(found / theirs)))
        yield agrees(peer, "all-pass, 1 kHz: phase to 20 kHz", turn.max(), 1.0, "°")
    worst = 0.0
    for slope in (-6.0, -3.0, 1.5, 6.0):
        for rate in RATES:
            hz, found = of_ours(rate, tilts__1__hz=1000, tilts__1__slope_db_oct=slope)
            inside = (hz >= 50) & (hz <= 16_000)
            worst = max(worst, np.abs(db(found) - slope * np.log2(hz / 1000))[inside].max())
    yield agrees("a straight line", "tilt: response 50 Hz–16 kHz", worst, 0.25)


@against("linear_eq")
def linear_phase():
    worst, lopsided = 0.0, 0.0
    for rate in RATES:
        for kind in KINDS[:3]:
            for case in kind.cases[:-1] if rate == 96_000 else kind.cases:
                out = ours("linear_eq", impulse(at=1 << 16), rate, length="longest", **kind.settings(case))
                hz, found = response(out, rate)
                worst = max(worst, worst_db(found, kind.truth(case, hz)))
                before, after = out[(1 << 16) - 8000:1 << 16, 0][::-1], out[(1 << 16) + 1:(1 << 16) + 8001, 0]
                lopsided = max(lopsided, np.abs(before - after).max() / 0.1)
    yield agrees("analog prototype (`scipy.signal.freqs`)", "bells and shelves: response 20 Hz–20 kHz", worst, 0.1)
    yield agrees("itself, backward", "bells and shelves: asymmetry of the impulse response", db(lopsided), -100,
                 why="symmetric around the impulse's own place: the latency is taken off exactly")


OCTAVES = ["31", "63", "125", "250", "500", "1k", "2k", "4k", "8k", "16k"]
THIRDS = ["20", "25", "31", "40", "50", "63", "80", "100", "125", "160", "200", "250", "315", "400", "500", "630", "800", "1k",
          "1k25", "1k6", "2k", "2k5", "3k15", "4k", "5k", "6k3", "8k", "10k", "12k5", "16k", "20k"]


def faders(effect, names, tenths):
    """Worst miss at the centers: ours, and that of bells with the faders' own gains."""
    lowest = -5 * tenths if tenths == 3 else -17
    centers = 1000 * 10 ** (0.1 * (lowest + tenths * np.arange(len(names))))
    octaves = tenths / 3
    q = 2 ** (octaves / 2) / (2**octaves - 1)
    random = np.random.default_rng(8).uniform(-12, 12, len(names)).round(1)
    worst, alone = 0.0, 0.0
    for rate in (44_100, 48_000):
        for wanted in ([12, -12] * 15 + [12], [12] * 31, random):
            wanted = np.array(wanted[:len(names)], dtype=float)
            settings = {f"gain_{name}_db": gain for name, gain in zip(names, wanted)}
            hz, found = response(ours(effect, impulse(1 << 18), rate, **settings), rate, low=15)
            worst = max(worst, np.abs(np.interp(centers, hz, db(found)) - wanted).max())
            plain_bells = sum(db(truth(bell(f, gain, q), centers)) for f, gain in zip(centers, wanted))
            alone = max(alone, np.abs(plain_bells - wanted).max())
    return worst, alone


def graphic(effect, names, tenths):
    worst, alone = faders(effect, names, tenths)
    yield agrees("the faders", f"zigzag, all up, random, at 44.1 and 48 kHz: level at the {len(names)} centers", worst, 0.05,
                 why=f"bells with the faders' own gains (`scipy.signal.freqs`) would miss by {alone:.1f} dB")


@against("graphic")
def octaves():
    yield from graphic("graphic", OCTAVES, 3)


@against("graphic_31")
def thirds():
    yield from graphic("graphic_31", THIRDS, 1)


class Baxandall:
    """The circuit of 1952, node by node. Resistors in kΩ: end, potentiometer, bass wiper."""

    BASS = (10.0, 100.0, 22.0)
    TREBLE = (3.3, 100.0)

    def __init__(self, bass_db, treble_db, bass_hz, treble_hz):
        # The capacitors are such that a boost of 12 dB reaches its half at the frequency written, as if the other knob's
        # were open (treble) or wires (bass).
        self.bass, self.treble, self.bass_c, self.treble_c = 0.5, 0.5, 1e-9, 0.0
        self.bass = self.turned("bass", 12.0)
        self.bass_c = self.found(lambda c: self.gain_db(bass_hz, bass_c=c, treble_c=0.0) - 6, 1e-7, 1e-2)
        self.treble_c = 1e-9
        self.bass, self.treble = 0.5, self.turned("treble", 12.0)
        self.treble_c = self.found(lambda c: self.gain_db(treble_hz, bass_c=1.0, treble_c=c) - 6, 1e-9, 1e-3)
        self.treble, self.bass = 0.5, 0.5
        bass, treble = self.turned("bass", bass_db), self.turned("treble", treble_db)
        self.bass, self.treble = bass, treble

    @staticmethod
    def found(wrong, low, high):
        return np.exp(brentq(lambda x: wrong(np.exp(x)), np.log(low), np.log(high), xtol=1e-12))

    def turned(self, knob, gain_db):
        """How far: at 0 Hz for the bass, far above everything for the treble."""
        hz = 1e-7 if knob == "bass" else 1e12
        return brentq(lambda turn: self.gain_db(hz, **{knob: turn}) - gain_db, 1e-9, 1 - 1e-9, xtol=1e-14)

    def gain_db(self, hz, **changed):
        return float(db(self.response(np.array([hz]), **changed))[0])

    def response(self, hz, bass=None, treble=None, bass_c=None, treble_c=None):
        bass, treble = (self.bass if bass is None else bass), (self.treble if treble is None else treble)
        bass_c, treble_c = (self.bass_c if bass_c is None else bass_c), (self.treble_c if treble_c is None else treble_c)
        end, pot, wiper = self.BASS
        high_end, high_pot = self.TREBLE
        out = np.empty(len(hz), dtype=complex)
        for n, f in enumerate(hz):
            w = 2j * np.pi * f
            near, far = 1 / (pot * (1 - bass)) + w * bass_c, 1 / (pot * bass) + w * bass_c
            a, b = 1 / (high_end + high_pot * (1 - treble)), 1 / (high_end + high_pot * treble)
            c = w * treble_c
            # Unknown: both ends of the bass potentiometer, its wiper, the treble's wiper, the output.
            nodes = np.array([[1 / end + near, 0, -near, 0, 0], [0, 1 / end + far, -far, 0, -1 / end],
                              [-near, -far, near + far + 1 / wiper, 0, 0], [0, 0, 0, a + b + c, -b],
                              [0, 0, 1 / wiper, c, 0]], dtype=complex)
            out[n] = np.linalg.solve(nodes, np.array([1 / end, 0, 0, a, 0], dtype=complex))[4]
        return out


@against("baxandall")
def baxandall():
    worst = 0.0
    for rate in RATES:
        for bass, treble, low, high in ((12, -6, 100, 5000), (-15, 15, 60, 8000), (5, 4, 120, 12_000)):
            settings = {"bass_db": bass, "treble_db": treble, "bass_hz": low, "treble_hz": high}
            hz, found = response(ours("baxandall", impulse(), rate, **settings), rate, low=10)
            at = np.geomspace(20, 20_000, 60)
            exact = db(Baxandall(bass, treble, low, high).response(at))
            worst = max(worst, np.abs(np.interp(at, hz, db(found)) - exact).max())
    yield agrees("the circuit of 1952 by nodal analysis (numpy)", "bass and treble, 3 settings at 44.1, 48, 96 kHz: response",
                 worst, 0.05)


@against("semi_parametric")
def semi_parametric():
    worst = 0.0
    for rate in RATES:
        for corner, gain in ((300, -9), (700, 6)):
            hz, found = of_ours(rate, "semi_parametric", low_mid_hz=corner, low_mid_db=gain)
            worst = max(worst, worst_db(found, truth(bell(corner, gain, 0.9), hz)))
    yield agrees("analog prototype (`scipy.signal.freqs`)", "low middle: response 20 Hz–20 kHz", worst, 0.35)


@against("multiband")
def crossover():
    split, low, high = {"crossovers__1__hz": 200, "crossovers__2__hz": 3000}, 200, 3000
    idle = {f"bands__{n}__ratio": 1 for n in (1, 2, 3)}
    x = impulse()
    whole = ours("multiband", x, **split, **idle)
    hz, found = response(whole)
    yield agrees("the input", "three idle bands, 24 dB/oct: level of the sum", np.abs(db(found)).max(), 0.01)
    # A band by itself is what is missing when it is turned down.
    down = 1 - 10 ** (-24 / 20)
    bands = [(whole - ours("multiband", x, **split, **idle, **{f"bands__{n}__makeup_db": -24})) / down for n in (1, 2, 3)]

    def squared(kind, corner):
        b, a = signal.butter(2, corner, kind, fs=RATE)
        return (signal.freqz(b, a, hz, fs=RATE)[1]) ** 2

    def turned(corner):
        return squared("lowpass", corner) + squared("highpass", corner)

    wanted = [squared("lowpass", low) * turned(high), squared("highpass", low) * squared("lowpass", high),
              squared("highpass", low) * squared("highpass", high)]
    exact = max(np.abs(response(band)[1] - want).max() for band, want in zip(bands, wanted))
    yield agrees("Linkwitz–Riley of squared Butterworths (`scipy.signal.butter`)", "each band, level and phase", db(exact),
                 -80)
    graph = "[0:a]aformat=sample_fmts=dblp,acrossover=split=200|3000:order=4th[o0][o1][o2]"
    theirs = ffmpeg(graph, x, outputs=3)
    yield agrees("ffmpeg `acrossover`", "sum of the bands: null", null_db(whole, sum(theirs)), -60,
                 why="the same network, all-passes of the other branches included")
    worst = max(worst_db(response(a)[1], response(b)[1]) for a, b in zip(bands, theirs))
    yield agrees("ffmpeg `acrossover`", "each band: response to −60 dB", worst, 0.05)
    linear = ours("multiband", impulse(at=1 << 16), phase="linear", **split, **idle)
    yield agrees("the input", "linear phase: null of the sum, latency taken off", null_db(linear, impulse(at=1 << 16)), -120)


@against("dynamic_eq")
def dynamic_eq():
    settings = {"bells__1__hz": 1000, "bells__1__q": 1, "bells__1__range_db": -12, "bells__1__threshold_db": -36,
                "bells__1__ratio": 3, "bells__1__knee_db": 0}

    def gain(level, made):
        x = sine(1000, 2.0, 10 ** (level / 20))
        return db(made(x)[-RATE:].std() / x[-RATE:].std())

    worst = 0.0
    for level in (-48, -40, -34, -30, -24, -18, -6):
        wanted = -min(12.0, max(0.0, (level + 36) * (1 - 1 / 3)))
        worst = max(worst, abs(gain(level, lambda x: ours("dynamic_eq", x, **settings)) - wanted))
    yield agrees("the law of Giannoulis, Massberg, Reiss 2012", "a bell at 1 kHz, 3:1, range 12 dB, tones of −48 to −6 dBFS: level",
                 worst, 0.1)
    # Pushed to the end of its range it is the bell that it says it is: probed by a tone far below the one that pushes it.
    b, a = bell_of(1000, 1.0, -12)
    worst = 0.0
    for probe in (250, 500, 2000, 4000, 12_000):
        x = sine(1000, 3.0, 0.5) + sine(probe, 3.0, 0.0005)
        tone = np.exp(-2j * np.pi * probe * np.arange(RATE) / RATE) * np.hanning(RATE)
        y = ours("dynamic_eq", x, **settings)
        found = db(abs((y[-RATE:, 0] * tone).sum()) / abs((x[-RATE:, 0] * tone).sum()))
        worst = max(worst, abs(found - db(signal.freqs(b, a, [2 * np.pi * probe])[1][0])))
    yield agrees("analog prototype (`scipy.signal.freqs`)", "the same, pushed to its range: response at 250 Hz to 12 kHz", worst, 0.35)
    x = sine(1000, 2.0, 10 ** (-50 / 20))
    yield agrees("the input", "threshold never reached: null", null_db(ours("dynamic_eq", x, **settings), x), -140)
    graph = "adynamicequalizer=threshold=0.0158:dfrequency=1000:tfrequency=1000:dqfactor=1:tqfactor=1:ratio=3:range=3.98:mode=cutabove"
    theirs = [gain(level, lambda x: ffmpeg(graph, x)) for level in (-24, -12)]
    mine = gain(-24, lambda x: ours("dynamic_eq", x, **settings))
    yield agrees("ffmpeg `adynamicequalizer`", "1 kHz, `cutabove`, ratio 3, 12 dB over the threshold: reduction, ours less theirs",
                 abs(theirs[0] - mine), 0.1, why=f"12 dB louder still theirs takes {-theirs[1]:.1f} dB of a range of 12, ours all of it")


def bell_of(hz, q, gain_db):
    """Numerator and denominator of the analog bell, in radians a second."""
    w, a = 2 * np.pi * hz, 10 ** (gain_db / 40)
    return [1, a / q * w, w * w], [1, w / (a * q), w * w]
