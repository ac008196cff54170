//! every processor of Tonmeister: equalisers, dynamics, limiter, reverb, delay, stereo, dither
