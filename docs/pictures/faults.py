"""Puts faults into a 24-bit stereo WAV: clipping, an offset, hum, dropouts, a turned channel."""
import math, struct, sys, wave
src, dst = sys.argv[1:3]
with wave.open(src) as w:
    rate, n, width, ch = w.getframerate(), w.getnframes(), w.getsampwidth(), w.getnchannels()
    raw = w.readframes(n)
assert width == 3 and ch == 2
x = [[0.0] * n, [0.0] * n]
for i in range(n):
    for c in range(2):
        o = 6 * i + 3 * c
        x[c][i] = int.from_bytes(raw[o:o + 3], 'little', signed=True) / 8388608
def each(a, b, f, channels=(0, 1)):
    for c in channels:
        for i in range(int(a * rate), min(n, int(b * rate))):
            x[c][i] = f(x[c][i], i)
each(0, n / rate, lambda v, i: v + 0.012, (1,))                                     # DC on the right
each(0, n / rate, lambda v, i: v + 0.004 * sum(math.sin(2 * math.pi * 50 * k * i / rate) / k for k in (1, 2, 3)))  # hum
each(30, 34, lambda v, i: 2.6 * v)                                                   # too hot
each(62.0, 62.4, lambda v, i: 2.6 * v)
each(50.0, 50.03, lambda v, i: 0.0)                                                  # dropouts
each(50.8, 50.815, lambda v, i: 0.0, (0,))
each(74, 80, lambda v, i: -v, (1,))                                                  # turned
out = bytearray(6 * n)
for c in range(2):
    for i, v in enumerate(x[c]):
        q = max(-8388608, min(8388607, round(v * 8388608)))
        out[6 * i + 3 * c:6 * i + 3 * c + 3] = (q & 0xffffff).to_bytes(3, 'little')
with wave.open(dst, 'wb') as w:
    w.setnchannels(2); w.setsampwidth(3); w.setframerate(rate); w.writeframes(bytes(out))
