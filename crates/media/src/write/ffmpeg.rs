//! Writing AAC with ffmpeg, run as a program of its own, where this program was built without an encoder.
//!
//! ffmpeg's own encoder takes floats, so nothing is rounded before it. Windows in which a sample passes 0.95 of full scale
//! (−0.45 dBFS) it turns down; under a ceiling of −0.5 dBTP or lower nothing of that is met. It hands over bare packets (ADTS,
//! ISO/IEC 13818-7 §6.2) through a pipe; the file around them, with its marks of delay and length, is ours, as of every M4A.
//! As with the other encoders the sound gets a beginning and an end that linear prediction makes up, which the marks take off.

use std::io::{BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use tonmeister_core::View;

use super::Sink;
use super::extend::Extended;
use super::m4a::{AAC_DELAY, AAC_PACKET, M4a, aac_track};
use super::program::Program;
use super::quantize::Quantized;
use crate::error::MediaError;

/// The program that is looked for on the search path.
const PROGRAM: &str = "ffmpeg";
/// Frames that its encoder delays the sound by: one packet. The test of what comes back in step holds it to that.
const ENCODER_DELAY: usize = 1024;
/// Packets that are encoded before the file's first, and left out: the encoder takes so long to find out how finely it may
/// quantize, and its first packets are coarse (at 44.1 kHz 10 dB; a join of two tracks was heard as a click). A packet of AAC
/// is decoded without those before it, but for the overlap, and the file's first one is all lead.
const WARM: usize = 8;
/// From so many kbit/s on the sides of high bands are not joined (intensity stereo): 0.4 dB truer at 256.
const PLENTY_KBPS: u16 = 192;

/// An AAC file in the making.
pub(crate) struct FfmpegSink<W: Write> {
    program: Program,
    packets: Packets<W>,
    sound: Extended,
    bytes: Vec<u8>,
    kbps: u16,
    channels: usize,
    sample_rate: u32,
}

impl<W: Write + Read + Seek + Send + 'static> FfmpegSink<W> {
    pub(crate) fn new(path: &Path, out: W, kbps: u16, channels: usize, sample_rate: u32) -> Result<Self, MediaError> {
        FfmpegSink::with_program(PROGRAM, path, out, kbps, channels, sample_rate)
    }

    pub(super) fn with_program(
        program: &str,
        path: &Path,
        out: W,
        kbps: u16,
        channels: usize,
        sample_rate: u32,
    ) -> Result<Self, MediaError> {
        let mut command = Command::new(program);
        command.args(["-v", "error", "-nostats", "-f", "f32le", "-ar", &sample_rate.to_string()]);
        command.args(["-ac", &channels.to_string(), "-i", "pipe:0", "-c:a", "aac", "-b:a", &format!("{kbps}k")]);
        // No name of the encoder in the stream, so that the same sound gives the same bytes; and no bands of noise that
        // every decoder makes up for itself, so that what is measured is what is heard.
        command.args(["-flags:a", "+bitexact", "-aac_pns", "0"]);
        if kbps >= PLENTY_KBPS {
            // Bits enough to keep both sides as they are where one would have been made of the other.
            command.args(["-aac_is", "0"]);
        }
        command.args(["-f", "adts", "pipe:1"]);
        command.stdout(Stdio::piped());
        let missing = || {
            format!(
                "AAC is encoded by the program `{program}`, which is not installed or not on the search path (PATH); install \
                 it, build this program with `--features aac` (which needs cmake and libclang), or choose ALAC, MP3, Opus \
                 or Vorbis"
            )
        };
        let mut program = Program::start(path, command, format!("the AAC encoder of `{program}`"), missing)?;
        let m4a = M4a::new(out).map_err(|e| MediaError::io(path, "written", e))?;
        let packets = Packets::read(program.output(), m4a, path.to_owned());
        let lead = WARM * AAC_PACKET + AAC_DELAY - ENCODER_DELAY;
        let (sound, bytes) = (Extended::new(channels, lead), Vec::new());
        Ok(FfmpegSink { program, packets, sound, bytes, kbps, channels, sample_rate })
    }
}

impl<W: Write + Read + Seek + Send + 'static> Sink<W> for FfmpegSink<W> {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let FfmpegSink { program, bytes, .. } = self;
        let sent = self.sound.write(audio, |samples| send(program, bytes, target, samples));
        sent.map_err(|error| self.packets.wrong().unwrap_or(error))
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<W, MediaError> {
        let FfmpegSink { program, bytes, sound, .. } = &mut *self;
        let sent = sound.finish((AAC_PACKET, ENCODER_DELAY), |samples| send(program, bytes, target, samples));
        let ended = sent.and_then(|frames| program.end(target).map(|()| frames));
        let frames = ended.map_err(|error| self.packets.wrong().unwrap_or(error))?;
        let m4a = self.packets.whole(target)?;
        let (packets, bytes, largest) = m4a.sizes();
        let needed = (AAC_DELAY as u64 + frames).div_ceil(AAC_PACKET as u64);
        if (packets as u64) < needed {
            let found = format!("`{PROGRAM}` made {packets} packets of AAC where {needed} are needed");
            return Err(MediaError::Refused { path: target.to_owned(), found });
        }
        let seconds = (packets * AAC_PACKET) as f64 / f64::from(self.sample_rate);
        let average = (bytes as f64 * 8.0 / seconds).round() as u32;
        let rates = [average, u32::from(self.kbps) * 1000, largest];
        let track = aac_track(self.sample_rate, self.channels as u16, rates);
        m4a.finish(&track, frames).map_err(|e| MediaError::io(target, "written", e))
    }
}

/// Sends samples as they are. Returns how many lie over full scale, which the encoder holds down.
fn send(program: &mut Program, bytes: &mut Vec<u8>, target: &Path, samples: &[f32]) -> Result<u64, MediaError> {
    bytes.clear();
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let over = samples.iter().filter(|sample| sample.abs() > 1.0).count();
    program.send(target, bytes).map(|()| over as u64)
}

/// Reads packets as they come, on a thread of its own, into the file.
struct Packets<W: Write>(Option<JoinHandle<Result<M4a<W>, MediaError>>>);

impl<W: Write + Read + Seek + Send + 'static> Packets<W> {
    fn read(pipe: Option<ChildStdout>, mut m4a: M4a<W>, target: PathBuf) -> Self {
        let read = move || {
            if let Some(pipe) = pipe {
                let mut warm = 0;
                packets(&mut BufReader::new(pipe), &target, |packet| {
                    if warm < WARM {
                        warm += 1;
                        return Ok(());
                    }
                    m4a.packet(packet).map_err(|e| MediaError::io(&target, "written", e))
                })?;
            }
            Ok(m4a)
        };
        Packets(Some(std::thread::spawn(read)))
    }

    /// What was wrong with the packets, when that is why the program stopped.
    fn wrong(&mut self) -> Option<MediaError> {
        self.0.take_if(|thread| thread.is_finished())?.join().ok()?.err()
    }

    /// The file with all packets.
    fn whole(&mut self, target: &Path) -> Result<M4a<W>, MediaError> {
        let joined = self.0.take().map(JoinHandle::join);
        joined.and_then(Result::ok).unwrap_or_else(|| {
            let found = "its packets were not read to their end; this is a mistake in the program".into();
            Err(MediaError::Refused { path: target.to_owned(), found })
        })
    }
}

impl<W: Write> Drop for Packets<W> {
    fn drop(&mut self) {
        // The file in the making lies with the thread; it has to be gone when this is. The program has ended by now.
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// The packets of a stream, each without its header, to the end.
fn packets(
    stream: &mut impl Read,
    target: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), MediaError>,
) -> Result<(), MediaError> {
    let mut body = Vec::new();
    loop {
        let mut head = [0; 7];
        let mut had = 0;
        while had < head.len() {
            match stream.read(&mut head[had..]).map_err(|e| MediaError::io(target, "written", e))? {
                0 if had == 0 => return Ok(()),
                0 => return Err(damaged(target)),
                more => had += more,
            }
        }
        // The mark, layer 0, low complexity, one block in the packet.
        let plain = head[0] == 0xFF && head[1] & 0xF6 == 0xF0 && head[2] >> 6 == 1 && head[6].trailing_zeros() >= 2;
        let header = if head[1] & 1 == 1 { 7 } else { 9 };
        let size = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5]) >> 5;
        if !plain || size <= header {
            return Err(damaged(target));
        }
        body.resize(size - 7, 0);
        stream.read_exact(&mut body).map_err(|_| damaged(target))?;
        each(&body[header - 7..])?;
    }
}

fn damaged(target: &Path) -> MediaError {
    let found = format!("what `{PROGRAM}` handed over is no stream of AAC packets (ADTS)");
    MediaError::Refused { path: target.to_owned(), found }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use tonmeister_core::View;

    use super::super::Sink;
    use super::{FfmpegSink, packets};

    fn read(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        let each = |packet: &[u8]| {
            all.push(packet.to_vec());
            Ok(())
        };
        packets(&mut Cursor::new(bytes), Path::new("x"), each).ok().map(|()| all)
    }

    #[test]
    fn packets_are_taken_out_of_their_stream() {
        let one = [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 7, 8];
        let with_sum = [0xFF, 0xF0, 0x50, 0x80, 0x01, 0x5F, 0xFC, 1, 2, 9];
        let both = [&one[..], &with_sum].concat();
        assert_eq!(read(&both), Some(vec![vec![7, 8], vec![9]]));
        assert_eq!(read(&[]), Some(Vec::new()));
        // Cut off anywhere but between packets, and with any bit of a header turned that is looked at, it is refused.
        assert!((1..both.len()).filter(|cut| *cut != one.len()).all(|cut| read(&both[..cut]).is_none()));
        for (byte, bit) in [(0, 0), (1, 7), (1, 1), (2, 6), (6, 0)] {
            let mut wrong = one;
            wrong[byte] ^= 1 << bit;
            assert_eq!(read(&wrong), None, "{byte} {bit}");
        }
    }

    /// A program that is not there, one that fails, and one that answers something else.
    #[test]
    fn an_encoder_that_does_not_do_is_told() {
        let make = |program: &str| {
            let path = Path::new("out.m4a");
            let mut sink = FfmpegSink::with_program(program, path, Cursor::new(Vec::new()), 256, 1, 48_000)?;
            let noise: Vec<f32> = (0..200_000_u32).map(|n| (n.wrapping_mul(n) % 997) as f32 / 997.0).collect();
            sink.write(path, View::mono(&noise))?;
            Box::new(sink).finish(path)
        };
        let told = |program: &str| make(program).err().map(|e| e.to_string()).unwrap_or_default();
        let missing = told("there-is-no-such-program");
        assert!(missing.contains("not installed") && missing.contains("--features aac"), "{missing}");
        if cfg!(unix) {
            assert!(told("false").contains("the AAC encoder of `false`"), "{}", told("false"));
            // Told of ffmpeg's options, it says that it does not know them.
            assert!(told("cat").contains("the AAC encoder of `cat`"), "{}", told("cat"));
        }
    }
}
