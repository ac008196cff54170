//! FLAC, ALAC, MP3, AAC and Vorbis, decoded by Symphonia.
//!
//! Lengths are exact before the first sample is read. FLAC states its own, which is believed once a look at the file's
//! end has found the last frame there. Everything else is small: its packets are walked once without decoding, and
//! their durations (encoder delay and padding already taken off by the demuxer) are summed.

use std::path::Path;

use symphonia::core::audio::conv::IntoSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, Channels, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known as codecs;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::Timestamp;
use symphonia::default::{codecs as decoders, formats, meta};
use tonmeister_core::Diagnostic;

use super::{Fault, Packets, Stretch, mp4};
use crate::error::MediaError;
use crate::info::{Codec, Container, FileInfo, Speakers};
use crate::input::{Input, Lent};
use crate::pcm_file::RATES;

/// A file that was understood, ready to be decoded from its start.
pub(crate) struct Demuxed {
    pub(crate) info: FileInfo<Speakers>,
    pub(crate) packets: Demuxer,
    /// Frames of encoder delay that the demuxer does not take off itself.
    pub(crate) delay: u64,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Opens a file of that container.
pub(crate) fn open(
    path: &Path,
    mut input: Box<dyn Input>,
    len: u64,
    container: Container,
) -> Result<Demuxed, MediaError> {
    let mut trim = if container == Container::Mp4 { mp4::trim(path, &mut *input, len)? } else { mp4::Trim::default() };
    let lent = Lent::new(input, len, trim.data_end);
    let stream = MediaSourceStream::new(Box::new(lent), MediaSourceStreamOptions::default());
    let first = Demuxer::new(path, stream, container)?;
    let mut info = first.info(path, container)?;
    let mut warnings = Vec::new();
    let stated = first.stated_frames();
    if container == Container::Caf {
        // The demuxer reads the marks, the decoders of ALAC and AAC leave them to us.
        trim = mp4::Trim { delay: first.stated_delay(), frames: stated, ..trim };
    }
    let (packets, frames) = match (container, stated, trim.present) {
        (Container::Flac, Some(stated), _) => first.flac_length(path, stated)?,
        (Container::Mp4, _, Some(present)) => (first, present),
        _ => first.counted(path, container)?,
    };
    let after_delay = frames.saturating_sub(trim.delay);
    info.frames = trim.frames.map_or(after_delay, |stated| stated.min(after_delay));
    let missing = match container {
        Container::Mp4 => trim.frames.map_or(0, |stated| stated - info.frames),
        Container::Flac => stated.map_or(0, |stated| stated.saturating_sub(frames)),
        Container::Mpeg => stated.map_or(0, |stated| stated.saturating_sub(frames)),
        _ => 0,
    };
    if missing > 0 {
        warnings.push(truncated(path, &info, missing));
    }
    if info.frames == 0 {
        let message = format!("{} has a header but holds no audio (0 frames)", path.display());
        warnings.push(Diagnostic::warning("no-audio", message).help("export it again, or take it out of the song"));
    }
    Ok(Demuxed { info, packets, delay: trim.delay, warnings })
}

/// The warning for a file whose end is missing.
pub(crate) fn truncated(path: &Path, info: &FileInfo<Speakers>, missing: u64) -> Diagnostic {
    let message = format!(
        "{} is cut off: {missing} frames ({:.3} s) are missing; the {} frames ({:.3} s) that are there are read",
        path.display(),
        missing as f64 / f64::from(info.sample_rate),
        info.frames,
        info.seconds()
    );
    Diagnostic::warning("truncated", message).help("copy or export the file again")
}

/// One audio track of a file and its decoder.
pub(crate) struct Demuxer {
    reader: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    params: AudioCodecParameters,
    track: u32,
}

impl Demuxer {
    fn new(path: &Path, stream: MediaSourceStream<'static>, container: Container) -> Result<Demuxer, MediaError> {
        let failed = |error: Error| sorted(path, container, error);
        // Only the sniffed container is tried, so that damage in it is reported as such and not as another format.
        let mut probe = Probe::default();
        match container {
            Container::Flac => probe.register_format::<formats::FlacReader<'_>>(),
            Container::Mpeg => probe.register_format::<formats::MpaReader<'_>>(),
            Container::Adts => probe.register_format::<formats::AdtsReader<'_>>(),
            Container::Mp4 => probe.register_format::<formats::IsoMp4Reader<'_>>(),
            Container::Caf => probe.register_format::<formats::CafReader<'_>>(),
            _ => probe.register_format::<formats::OggReader<'_>>(),
        }
        probe.register_metadata::<meta::Id3v2Reader<'_>>();
        let reader =
            guarded(|| probe.probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default()))
                .map_err(failed)?;
        let Some(track) = reader.default_track(TrackType::Audio) else {
            let found = format!("{container} without an audio track that is known here");
            return Err(MediaError::unsupported(path, found, "export the audio as WAV or FLAC"));
        };
        let id = track.id;
        let Some(params) = track.codec_params.as_ref().and_then(|params| params.audio()).cloned() else {
            return Err(MediaError::unsupported(path, "no audio", "name an audio file"));
        };
        let channels = params.channels.as_ref().map_or(0, Channels::count);
        // The decoder of AAC knows mono and stereo.
        let most = if params.codec == codecs::CODEC_ID_AAC { 2 } else { Speakers::MOST };
        if channels > most {
            return Err(MediaError::Channels { path: path.to_owned(), channels });
        }
        let mut registry = CodecRegistry::new();
        registry.register_audio_decoder::<decoders::FlacDecoder>();
        registry.register_audio_decoder::<decoders::AlacDecoder>();
        registry.register_audio_decoder::<decoders::MpaDecoder>();
        registry.register_audio_decoder::<decoders::AacDecoder>();
        registry.register_audio_decoder::<decoders::VorbisDecoder>();
        registry.register_audio_decoder::<decoders::PcmDecoder>();
        let decoder =
            guarded(|| registry.make_audio_decoder(&params, &AudioDecoderOptions::default())).map_err(failed)?;
        Ok(Demuxer { reader, decoder, params, track: id })
    }

    fn stated_frames(&self) -> Option<u64> {
        self.reader.tracks().iter().find(|t| t.id == self.track).and_then(|t| t.num_frames).filter(|n| *n > 0)
    }

    fn stated_delay(&self) -> u64 {
        self.reader.tracks().iter().find(|t| t.id == self.track).and_then(|t| t.delay).map_or(0, u64::from)
    }

    /// What the headers say (the length is still to be found).
    fn info(&self, path: &Path, container: Container) -> Result<FileInfo<Speakers>, MediaError> {
        let codec = match self.params.codec {
            codecs::CODEC_ID_FLAC => Codec::Flac,
            codecs::CODEC_ID_ALAC => Codec::Alac,
            codecs::CODEC_ID_MP3 => Codec::Mp3,
            codecs::CODEC_ID_AAC => Codec::Aac,
            codecs::CODEC_ID_VORBIS => Codec::Vorbis,
            codecs::CODEC_ID_PCM_F32LE
            | codecs::CODEC_ID_PCM_F32BE
            | codecs::CODEC_ID_PCM_F64LE
            | codecs::CODEC_ID_PCM_F64BE => Codec::Float,
            id if (0x100..0x11c).contains(&id_number(id)) => Codec::Integer,
            _ => {
                let found = format!("{container} with a codec that is not read");
                return Err(MediaError::unsupported(path, found, "export it as WAV or FLAC"));
            }
        };
        let layout = self.params.channels.as_ref().and_then(speakers);
        let layout = layout.or_else(|| self.decoder.codec_params().channels.as_ref().and_then(speakers));
        let layout = layout.ok_or_else(|| MediaError::damaged(path, 0, "a header of 0 channels"))?;
        let sample_rate = self.params.sample_rate.unwrap_or(0);
        if !RATES.contains(&sample_rate) {
            return Err(MediaError::Rate { path: path.to_owned(), rate: u64::from(sample_rate) });
        }
        let bits = match codec {
            Codec::Alac => self.params.extra_data.as_deref().and_then(alac_bits),
            codec if codec.lossless() => self.params.bits_per_sample.map(|bits| bits as u16),
            _ => None,
        };
        Ok(FileInfo { path: path.to_owned(), container, codec, sample_rate, layout, frames: 0, bits, bext: None })
    }

    /// The same file from its start.
    fn restarted(self, path: &Path, container: Container) -> Result<Demuxer, MediaError> {
        let mut stream = self.reader.into_inner();
        let rewound = std::io::Seek::seek(&mut stream, std::io::SeekFrom::Start(0));
        rewound.map_err(|e| MediaError::io(path, "read", e))?;
        Demuxer::new(path, stream, container)
    }

    /// The sum of all packets' durations, walked without decoding.
    fn counted(mut self, path: &Path, container: Container) -> Result<(Demuxer, u64), MediaError> {
        let (mut frames, mut last) = (0, None);
        loop {
            match guarded(|| self.reader.next_packet()) {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    let trimmed = packet.trim_start.get() + packet.trim_end.get();
                    // Against the field's description, the MPEG demuxer leaves the trimmed frames in.
                    let out = if container == Container::Mpeg { trimmed } else { 0 };
                    let valid = packet.dur.get().saturating_sub(out);
                    frames += valid;
                    last = Some((packet, valid));
                }
                Ok(Some(_)) => {}
                // A file that breaks off is read up to there.
                Ok(None) | Err(_) => break,
            }
        }
        // An ALAC packet says inside how long it is, and only the last may be short. CAF's table is not always right.
        if self.params.codec == codecs::CODEC_ID_ALAC
            && let Some((packet, valid)) = last
            && let Ok(decoded) = guarded(|| self.decoder.decode(&packet))
        {
            frames = frames - valid + decoded.frames() as u64;
        }
        Ok((self.restarted(path, container)?, frames))
    }

    /// The stated length if the file reaches that far, else what is there.
    fn flac_length(mut self, path: &Path, stated: u64) -> Result<(Demuxer, u64), MediaError> {
        let last = SeekTo::Timestamp { ts: Timestamp::from((stated - 1) as i64), track_id: self.track };
        let whole = guarded(|| self.reader.seek(SeekMode::Accurate, last)).is_ok()
            && matches!(guarded(|| self.reader.next_packet()), Ok(Some(packet))
                if packet.pts.get() + packet.dur.get() as i64 >= stated as i64
                && guarded(|| self.decoder.decode(&packet)).is_ok());
        let fresh = self.restarted(path, Container::Flac)?;
        if whole { Ok((fresh, stated)) } else { fresh.counted(path, Container::Flac) }
    }
}

/// The bit depth in ALAC's magic cookie, which CAF puts behind two atoms of 12 bytes.
fn alac_bits(cookie: &[u8]) -> Option<u16> {
    let wrapped = cookie.get(4..8).is_some_and(|name| name == b"frma");
    cookie.get(if wrapped { 29 } else { 5 }).map(|bits| u16::from(*bits))
}

/// Where the channels stand, as far as the stream says; `None` when it has no channels.
fn speakers(channels: &Channels) -> Option<Speakers> {
    match (channels, channels.count()) {
        (_, 0) => None,
        // The bits are those of a WAV file's mask, and the decoders give their planes in the order of the bits.
        (Channels::Positioned(places), count) if count > 2 => Some(
            u32::try_from(places.bits()).map_or_else(|_| Speakers::customary(count), |m| Speakers::of_mask(m, count)),
        ),
        (_, count) => Some(Speakers::customary(count)),
    }
}

fn id_number(id: symphonia::core::codecs::audio::AudioCodecId) -> u32 {
    u32::from_str_radix(id.to_string().trim_start_matches("0x"), 16).unwrap_or(0)
}

/// An error of the demuxer or of a decoder's construction, as ours.
fn sorted(path: &Path, container: Container, error: Error) -> MediaError {
    match error {
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => MediaError::Damaged {
            path: path.to_owned(),
            place: "its header".into(),
            found: format!("the file ends inside its {container} header"),
        },
        // Symphonia reports some damage as made-up I/O errors; those of the system carry a code.
        Error::IoError(error) if error.raw_os_error().is_some() => MediaError::io(path, "read", error),
        Error::Unsupported(what) => {
            let found = format!("{container} of a kind that is not read ({what})");
            MediaError::unsupported(path, found, "export it as WAV or FLAC")
        }
        error => MediaError::Damaged {
            path: path.to_owned(),
            place: format!("its {container} header"),
            found: error.to_string(),
        },
    }
}

impl Packets for Demuxer {
    fn next(&mut self, out: &mut Stretch) -> Result<bool, Fault> {
        out.clear();
        let packet = match guarded(|| self.reader.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(false),
            Err(Error::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(fault(error)),
        };
        if packet.track_id != self.track {
            return Ok(true);
        }
        let decoded = guarded(|| self.decoder.decode(&packet)).map_err(fault)?;
        let wanted = self.params.channels.as_ref().map_or(decoded.num_planes(), Channels::count);
        if decoded.num_planes() != wanted || self.params.sample_rate.is_some_and(|rate| rate != decoded.spec().rate()) {
            return Err(Fault::Damaged("the stream changes its sample rate or its channels".into()));
        }
        match decoded {
            GenericAudioBufferRef::F32(buffer) => planes(buffer, out, |s| s),
            GenericAudioBufferRef::S32(buffer) => planes(buffer, out, |s| s as f32 * (1.0 / 2_147_483_648.0)),
            GenericAudioBufferRef::S16(buffer) => planes(buffer, out, |s| f32::from(s) * (1.0 / 32_768.0)),
            GenericAudioBufferRef::U8(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::U16(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::U24(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::U32(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::S8(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::S24(buffer) => planes(buffer, out, IntoSample::into_sample),
            GenericAudioBufferRef::F64(buffer) => planes(buffer, out, IntoSample::into_sample),
        }
        Ok(true)
    }
}

/// Runs a step of a demuxer or decoder. Some overflow on hostile bytes (CAF's does, in builds with checked arithmetic);
/// that is damage in the file and must not take the program down.
fn guarded<T>(step: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(step))
        .unwrap_or(Err(Error::DecodeError("its numbers contradict each other")))
}

fn fault(error: Error) -> Fault {
    match error {
        Error::IoError(error) => Fault::Io(error),
        error => Fault::Damaged(error.to_string()),
    }
}

fn planes<S: Sample>(buffer: &AudioBuffer<S>, out: &mut Stretch, convert: impl Fn(S) -> f32 + Copy) {
    for (index, lane) in out.lanes.iter_mut().enumerate() {
        if let Some(plane) = buffer.plane(index) {
            lane.extend(plane.iter().map(|s| convert(*s)));
        }
    }
}
