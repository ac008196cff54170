"""What moves to and fro: against closed formulas, ffmpeg and pedalboard."""

import numpy as np

from .common import RATE, Tones, against, agrees, db, differs, ffmpeg, impulse, null_db, ours, pink, response, sine, worst_db

SETTLED = RATE // 2


def clock(frames):
    return np.arange(frames)


@against("tremolo")
def tremolo():
    x = pink(3.0, 0.1)
    n = clock(len(x))
    for rate, depth in ((5.0, 0.5), (0.8, 1.0), (17.3, 0.8)):
        gain = 1 - 0.5 * depth * (1 - np.sin(2 * np.pi * rate * (n + 1) / RATE))
        y = ours("tremolo", x, rate_hz=rate, depth_percent=100 * depth)
        yield agrees("1 − depth·(1 − sin ωt)/2 (numpy)", f"{rate:g} Hz, depth {depth:g}: null", null_db(y, x * gain[:, None]), -120)
    # Theirs begins at the top, a quarter of a turn on.
    x = np.full((4 * RATE, 1), 0.5)
    y, theirs = ours("tremolo", x, rate_hz=5, depth_percent=50), ffmpeg("tremolo=f=5:d=0.5", x)
    quarter = RATE // 20
    yield agrees("ffmpeg `tremolo`", "5 Hz, depth 0.5, theirs a quarter of a turn later: null",
                 null_db(y[quarter - 1:], theirs[:-quarter + 1]), -120, why="the same law")


@against("auto_pan")
def auto_pan():
    x = pink(2.0, 0.1) @ np.ones((1, 2))
    angle = np.pi / 4 * (1 + 0.9 * np.sin(2 * np.pi * 3 * (clock(len(x)) + 1) / RATE))
    wanted = x * np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    yield agrees("√2·cos, √2·sin (numpy)", "3 Hz, width 90 %: null", null_db(ours("auto_pan", x, rate_hz=3, width_percent=90), wanted),
                 -110)
    x = np.full((2 * RATE, 2), 0.25)
    y, theirs = ours("auto_pan", x, rate_hz=1, width_percent=100), ffmpeg("apulsator=mode=sine:hz=1:amount=1:offset_r=0.5", x)
    wave = [np.ptp(10 * np.log10((found**2).sum(axis=1)[RATE:] + 1e-12)) for found in (y, theirs)]
    yield agrees("a constant", "full width: sway of the power", wave[0], 0.001)
    yield differs("ffmpeg `apulsator`", "full width: sway of the power, theirs", wave[1], 1, 6,
                  why="it pans by gains that add up to one, so the middle is 3 dB softer than the sides")


@against("vibrato")
def vibrato():
    tones = Tones()
    n = clock(3 * RATE)
    for rate, semitones in ((5.0, 0.3), (1.0, 2.0), (11.0, 0.5)):
        reach = (2 ** (semitones / 12) - 1) / (2 * np.pi * rate)
        # The latency of 16 frames is taken off the sound, so the wave is 16 frames ahead.
        wanted = tones.at(n / RATE - reach * (1 + np.sin(2 * np.pi * rate * (n + 17) / RATE)))
        y = ours("vibrato", tones.at(n / RATE)[:, None], rate_hz=rate, depth_st=semitones)
        yield agrees("the chord at the moved times (numpy)", f"{rate:g} Hz, {semitones:g} semitones, tones to 9 kHz: null",
                     null_db(y, wanted[:, None], SETTLED), -90)
    x = sine(10_000, 3.0)
    y, theirs = ours("vibrato", x, rate_hz=5, depth_st=0.3), ffmpeg("vibrato=f=5:d=0.2", x)
    sway = []
    for found in (y, theirs):
        spectrum = np.fft.fft(found[RATE:2 * RATE, 0])
        spectrum[RATE // 2:] = 0
        level = np.abs(np.fft.ifft(2 * spectrum))
        sway.append(np.ptp(db(level)))
    yield agrees("a constant", "a tone of 10 kHz: sway of its level", sway[0], 0.05)
    yield differs("ffmpeg `vibrato`", "a tone of 10 kHz: sway of its level, theirs", sway[1], 1, 12,
                  why="it draws straight lines between samples, which takes treble away half-way between two")


@against("chorus")
def chorus():
    tones = Tones()
    n = clock(3 * RATE)
    t = n / RATE
    x = tones.at(t)
    for voices in (1, 2, 4):
        wanted = np.zeros((len(n), 2))
        for side in (0, 1):
            for voice in range(voices):
                wave = np.sin(2 * np.pi * (0.8 * (n + 1) / RATE + voice / voices + side * 0.25))
                wanted[:, side] += 0.5 / voices**0.5 * tones.at(t - 0.007 - 0.0015 * (1 + wave))
            wanted[:, side] += 0.5 * x
        y = ours("chorus", np.stack([x, x], axis=1), voices=voices, rate_hz=0.8, depth_ms=3, delay_ms=7, phase_degrees=90)
        yield agrees("the chord at the moved times (numpy)", f"{voices} voices, tones to 9 kHz: null", null_db(y, wanted, SETTLED), -85)


@against("flanger")
def flanger():
    tones = Tones()
    n = clock(3 * RATE)
    t = n / RATE
    y = ours("flanger", tones.at(t)[:, None], rate_hz=0.5, depth_ms=3, delay_ms=0.5, feedback_percent=0)
    swept = 0.0005 + 0.0015 * (1 + np.sin(2 * np.pi * 0.5 * (n + 17) / RATE))
    yield agrees("the chord at the moved times (numpy)", "no feedback, tones to 9 kHz: null",
                 null_db(y, (0.5 * tones.at(t) + 0.5 * tones.at(t - swept))[:, None], SETTLED), -85)
    x = pink(2.0, 0.02)
    line = x.copy()
    for k in range(48, len(x)):
        line[k] += 0.6 * line[k - 48]
    wanted = 0.5 * x
    wanted[48:] += 0.5 * 0.8 * line[:-48]
    y = ours("flanger", x, depth_ms=0, delay_ms=1, feedback_percent=60)
    yield agrees("a comb (numpy)", "standing at 1 ms, feedback 60 %, pink noise: null", null_db(y, wanted), -100)
    theirs = ffmpeg("flanger=delay=1:depth=0:regen=0:width=100:speed=0.5", x)
    yield agrees("ffmpeg `flanger`", "standing at 1 ms, no feedback: null",
                 null_db(ours("flanger", x, depth_ms=0, delay_ms=1, feedback_percent=0), theirs), -100)


@against("phaser")
def phaser():
    worst = 0.0
    for corner, stages, feedback in ((500, 4, 0.0), (1000, 6, 0.6), (3000, 12, -0.5), (6000, 2, 0.9)):
        y = ours("phaser", impulse(), from_hz=corner, to_hz=corner, stages=stages, feedback_percent=100 * feedback)
        hz, found = response(y)
        s = 1j * np.tan(np.pi * hz / RATE) / np.tan(np.pi * corner / RATE)
        row = ((1 - s) / (1 + s)) ** stages
        worst = max(worst, np.abs(found - 0.5 * (1 + (row - feedback) / (1 - feedback * row))).max())
    yield agrees("the row of all-passes with its loop solved (numpy)", "standing, 2 to 12 stages, feedback −50 to 90 %: response",
                 db(worst), -100)
    from pedalboard import Phaser
    x = impulse(level=0.1)
    theirs = Phaser(rate_hz=0.01, depth=0.0, centre_frequency_hz=1000, feedback=0.0, mix=0.5)(
        x[:, 0].astype(np.float32), RATE)[:, None]
    hz, found = response(theirs)
    y = ours("phaser", x, from_hz=1000, to_hz=1000, stages=6, feedback_percent=0)
    yield agrees("pedalboard `Phaser` (JUCE)", "standing at 1 kHz, six stages: response to −40 dB",
                 worst_db(response(y)[1], found, -40), 0.2, why="six first-order all-passes there too")


@against("ensemble")
def ensemble():
    tones = Tones()
    n = clock(3 * RATE)
    t = n / RATE
    x = tones.at(t)
    y = ours("ensemble", np.stack([x, x], axis=1), slow_hz=0.6, slow_ms=3, fast_hz=6, fast_ms=0.4, delay_ms=3, width_percent=100)
    wanted = np.zeros((len(n), 2))
    for voice, angle in enumerate((0.0, np.pi / 4, np.pi / 2)):
        slow, fast = (np.sin(2 * np.pi * (hz * (n + 1) / RATE + voice / 3)) for hz in (0.6, 6.0))
        sound = tones.at(t - 0.003 - 0.0015 * (1 + slow) - 0.0002 * (1 + fast))
        wanted += np.sqrt(2 / 3) * sound[:, None] * [np.cos(angle), np.sin(angle)]
    yield agrees("the chord at the moved times (numpy)", "three voices, two waves, tones to 9 kHz: null", null_db(y, wanted, SETTLED), -85)


@against("rotary")
def rotary():
    # Tones far above the crossover, so that the horn alone sounds: a mouth on a circle, heard by two microphones.
    tones = Tones(hz=(5000.0, 7000.0, 9000.0))
    frames = 3 * RATE
    n = clock(frames)
    radius, distance, speed, sound, shadow = 0.19, 0.6, 0.8, 343.0, 0.25
    y = ours("rotary", np.stack([tones.at(n / RATE)] * 2, axis=1), speed="slow", slow_hz=speed, crossover_hz=200, horn_db=0,
             distance_m=distance, mics_degrees=120)
    wanted = np.zeros((frames, 2))
    for side, turn in ((0, 60 / 360), (1, -60 / 360)):
        # The latency of 16 frames is taken off the sound, so the horn is 16 frames ahead.
        toward = np.cos(2 * np.pi * (speed * (n + 17) / RATE + turn))
        path = np.sqrt(distance**2 + radius**2 - 2 * distance * radius * toward)
        shade = 0.5 * (1 + toward) + 0.5 * (1 - toward) * shadow
        late = n / RATE - (path - (distance - radius)) / sound
        for k, hz in enumerate(tones.hz):
            low = 1 / (1 + 1j * np.tan(np.pi * hz / RATE) / np.tan(np.pi * 1500 / RATE))
            cut = 1j * np.tan(np.pi * hz / RATE) / np.tan(np.pi * 200 / RATE)
            high = (cut**2 / (cut**2 + np.sqrt(2) * cut + 1)) ** 2
            heard = high * (low + (1 - low) * shade)
            wanted[:, side] += tones.level * distance / path * np.imag(heard * np.exp(1j * (2 * np.pi * hz * late + k)))
    yield agrees("a mouth on a circle before two microphones (numpy)", "slow, horn alone, tones of 5 to 9 kHz: null",
                 null_db(y, wanted, SETTLED), -70)
    x = sine(6000, 8.0) @ np.ones((1, 2))
    y = ours("rotary", x, speed="fast", fast_hz=6.7, crossover_hz=200, mics_degrees=0)[2 * RATE:, 0]
    level = np.abs(np.fft.ifft(np.where(np.arange(len(y)) < len(y) // 2, 2 * np.fft.fft(y), 0)))
    turns = np.abs(np.fft.rfft(level - level.mean()))
    found = (3 + turns[3:].argmax()) * RATE / len(level)
    yield agrees("what is written", "fast, 6.7 turns a second: deviation of the sway, a tone of 6 kHz", abs(found / 6.7 - 1) * 100, 2.5, "%")
