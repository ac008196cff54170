//! Writing Opus in Ogg (RFC 6716, RFC 7845).
//!
//! Packets of 20 ms. Pre-skip is 80 ms, as RFC 7845 §4.2 wants it for a decoder that is settled at the first frame: the
//! encoder's own delay, and a beginning that linear prediction makes up, as it does an end. The output gain is 0, and the last
//! page's granule position says where the sound ends (§4.4), so a decoder gives back exactly the frames that came in.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use opus_pure::{Application, Error, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead, RateControl};
use tonmeister_core::View;

use super::Sink;
use super::extend::{self, Ending, SEEN};
use super::quantize::{Quantized, to_floats};
use crate::error::MediaError;

const RATE: u32 = 48_000;
/// 20 ms, the length that the encoder is tuned for.
const FRAME: usize = 960;
/// 80 ms.
const PRE_SKIP: u16 = 3840;

/// What the encoder is told of lost packets, in percent: from 9 on it leaves its pitch prefilter out, and files lose none.
///
/// With the prefilter, opus-pure 0.2.2 encodes single packets of some songs that every decoder plays hundreds of times too
/// loud (found on one song of 22, in one place or another whatever the bit rate). Without it, tonal music is coded 1.0 to
/// 1.2 dB less nearly at the same size.
const LOSS_PERCENT: i32 = 9;

/// An Opus file in the making.
pub(crate) struct OpusSink<W: Write> {
    encoder: OpusEncoder,
    ogg: OggOpusWriter<BufWriter<W>>,
    channels: usize,
    /// Made-up frames before the first, which pre-skip takes off again.
    lead: usize,
    led: bool,
    ending: Ending,
    frames: u64,
    /// Interleaved frames that do not fill a packet yet.
    rest: Vec<f32>,
    /// The newest packet: only when another follows is it known not to be the last.
    held: Option<Vec<u8>>,
    packet: Vec<u8>,
}

impl<W: Write + Send> OpusSink<W> {
    /// The audio comes at 48 kHz.
    pub(crate) fn new(path: &Path, out: W, kbps: u16, channels: usize) -> Result<OpusSink<W>, MediaError> {
        let failed = |e| failed(path, e);
        let mut encoder = OpusEncoder::new(RATE as i32, channels, Application::Audio).map_err(failed)?;
        encoder.bitrate_bps = i32::from(kbps) * 1000;
        encoder.complexity = 10;
        encoder.rate_control = RateControl::Vbr;
        encoder.packet_loss_perc = LOSS_PERCENT;
        let mut head = OpusHead::for_encoder(&encoder, RATE);
        let lead = usize::from(PRE_SKIP.saturating_sub(head.pre_skip));
        head.pre_skip = PRE_SKIP;
        let ogg = OggOpusWriter::new(BufWriter::with_capacity(64 * 1024, out), head).map_err(failed)?;
        let packet = vec![0; MAX_PACKET_BYTES];
        let ending = Ending::new(channels);
        let (rest, held) = (Vec::new(), None);
        Ok(OpusSink { encoder, ogg, channels, lead, led: false, ending, frames: 0, rest, held, packet })
    }

    /// Makes up what might have gone before the first frames, once enough of them are there.
    fn lead_in(&mut self) {
        let mut lead = extend::before(&self.rest, self.channels, self.lead);
        std::mem::swap(&mut lead, &mut self.rest);
        self.rest.extend_from_slice(&lead);
        self.led = true;
    }

    /// Encodes the packets that are full.
    fn encode_full(&mut self, target: &Path) -> Result<(), MediaError> {
        let samples = FRAME * self.channels;
        let mut at = 0;
        while self.rest.len() - at >= samples {
            let frame = &self.rest[at..at + samples];
            let bytes = self.encoder.encode(frame, FRAME, &mut self.packet).map_err(|e| failed(target, e))?;
            let packet = self.packet[..bytes].to_vec();
            if let Some(earlier) = self.held.replace(packet) {
                self.ogg.write_packet(&earlier).map_err(|e| failed(target, e))?;
            }
            at += samples;
        }
        self.rest.drain(..at);
        Ok(())
    }
}

impl<W: Write + Send> Sink<W> for OpusSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            let got = to_floats(audio.part(at, end), &mut self.rest);
            total.add(got, at as u64);
            if total.first_bad.is_some() {
                return Ok(total);
            }
            let new = (end - at) * self.channels;
            self.ending.saw(&self.rest[self.rest.len() - new..]);
            self.frames += (end - at) as u64;
            if !self.led && self.rest.len() >= SEEN * self.channels {
                self.lead_in();
            }
            if self.led {
                self.encode_full(target)?;
            }
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        if !self.led {
            self.lead_in();
        }
        // What the encoder still holds back comes out before something that goes on.
        let end = u64::from(PRE_SKIP) + self.frames;
        let given = self.lead as u64 + self.frames;
        let more = end.div_ceil(FRAME as u64) * FRAME as u64 - given;
        self.rest.extend(self.ending.onwards(more as usize));
        self.encode_full(target)?;
        if let Some(last) = self.held.take() {
            let before = u64::try_from(self.ogg.granule()).unwrap_or(0);
            let length = u32::try_from(end - before).unwrap_or(FRAME as u32);
            self.ogg.write_packet_with_duration(&last, length).map_err(|e| failed(target, e))?;
        }
        let out = self.ogg.finish().map_err(|e| failed(target, e))?;
        out.into_inner().map_err(|e| MediaError::io(target, "written", e.into_error()))
    }
}

fn failed(path: &Path, error: Error) -> MediaError {
    match error {
        Error::Io(error) => MediaError::io(path, "written", error),
        error => MediaError::io(path, "written", io::Error::other(error)),
    }
}
