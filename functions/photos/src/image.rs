//! Validates uploaded images. The picture and its orientation are stored; metadata that tells where, when and by whom
//! it was taken is removed.

use std::io::Cursor;

use axum::body::Bytes;
use gif::ColorOutput;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::riff::RiffContent;
use img_parts::webp::WebP;
use img_parts::{ImageEXIF, ImageICC};
use shared::domain::{ErrorCode, ValidationFault};

/// Maximum size of an uploaded image file, in bytes.
const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Maximum number of pixels of an image: enough for a phone's camera. Decoding needs up to 8 bytes for each pixel.
const MAX_PIXELS: u64 = 25_000_000;
/// Maximum memory for decoding an image, in bytes.
const MAX_DECODING_BYTES: u64 = MAX_PIXELS * 10;

/// Flag in the header of a WebP file that says that the file has XMP metadata.
/// <https://developers.google.com/speed/webp/docs/riff_container#extended_file_format>
const WEBP_XMP_FLAG: u8 = 0b100;

/// A valid image whose metadata was removed.
#[derive(Debug)]
pub(crate) struct ValidImage {
    pub bytes: Bytes,
    pub format: ImageFormat,
}

impl ValidImage {
    /// Description of the accepted image files, for the contract.
    pub(crate) const ACCEPTED_FILES_DESCRIPTION: &str =
        "A JPEG, PNG, WebP or GIF of at most 4 MiB and 25 million pixels.";

    /// Validates an uploaded file and removes its metadata. The content decides the format, whatever the file's name or
    /// media type says.
    ///
    /// # Errors
    /// The file is too large, is not an image of an accepted format, or does not decode.
    pub(crate) fn validate(file: Bytes) -> Result<Self, ValidationFault> {
        let none = || ErrorCode::InvalidImage.with_message("must be a JPEG, PNG, WebP or GIF image");
        if file.len() > MAX_FILE_BYTES {
            return Err(ErrorCode::OutOfRange.with_message(format!("must be at most {MAX_FILE_BYTES} bytes")));
        }
        let damaged =
            || ErrorCode::InvalidImage.with_message("must be a whole image: this one is truncated or damaged");
        let format = image::guess_format(&file).map_err(|_| none())?;
        if ![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif].contains(&format) {
            return Err(none());
        }
        let mut reader = ImageReader::with_format(Cursor::new(&file), format);
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_DECODING_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|_| damaged())?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(ErrorCode::OutOfRange.with_message(format!("must be at most {MAX_PIXELS} pixels")));
        }
        let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        DynamicImage::from_decoder(decoder).map_err(|_| damaged())?;
        let bytes = match format {
            ImageFormat::Jpeg => strip_jpeg_metadata(file, turn),
            ImageFormat::Png => strip_png_metadata(file, turn),
            ImageFormat::WebP => strip_webp_metadata(file, turn),
            ImageFormat::Gif => strip_gif_metadata(&file),
            _ => None,
        };
        Ok(Self { bytes: bytes.ok_or_else(damaged)?, format })
    }

    /// File name extension of the image's format.
    pub(crate) fn extension(&self) -> &'static str {
        self.format.extensions_str().first().copied().unwrap_or_default()
    }
}

/// Builds EXIF data with only the orientation. `None` for an upright picture, which needs no EXIF data.
/// <https://www.cipa.jp/std/documents/download_e.html?CIPA_DC-008-2024-E>, section 4.6
fn orientation_exif(turn: Orientation) -> Option<img_parts::Bytes> {
    let mut exif = *b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    exif[18] = turn.to_exif();
    (turn != Orientation::NoTransforms).then(|| img_parts::Bytes::copy_from_slice(&exif))
}

fn strip_jpeg_metadata(file: Bytes, turn: Orientation) -> Option<Bytes> {
    let mut jpeg = Jpeg::from_bytes(file.clone()).ok()?;
    let profile = jpeg.icc_profile();
    let segments = jpeg.segments_mut();
    // Comments and application segments are removed, except JFIF (pixel shape) and Adobe (colours), which the picture
    // needs.
    let kept = |marker| !matches!(marker, markers::APP1..=markers::APP13 | markers::APP15 | markers::COM);
    segments.retain(|segment| kept(segment.marker()));
    let last = segments.pop()?;
    // `img_parts` takes everything up to the end of the file as the data of the last segment.
    let scans = file.slice(file.len() - (last.len_with_entropy() - last.len())..);
    let scans = scans.slice(..end_of_image_offset(&scans)?);
    segments.push(JpegSegment::new_with_entropy(last.marker(), last.contents().clone(), scans));
    jpeg.set_icc_profile(profile);
    jpeg.set_exif(orientation_exif(turn));
    Some(jpeg.encoder().bytes())
}

/// Returns the offset just after the end-of-image marker of a JPEG. The caller cuts off what follows, such as a second
/// picture or a video. `None` if the marker is missing, or if it follows a segment that decoding does not need.
/// <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, annex B
fn end_of_image_offset(scans: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += scans.get(at..)?.iter().position(|byte| *byte == markers::P)?;
        match *scans.get(at + 1)? {
            markers::EOI => return Some(at + 2),
            markers::P => at += 1,
            markers::Z | markers::RST0..=markers::RST7 => at += 2,
            markers::DHT | markers::DQT | markers::DRI | markers::DNL | markers::SOS => {
                let length = scans.get(at + 2..at + 4)?;
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
            }
            _ => return None,
        }
    }
}

fn strip_png_metadata(file: Bytes, turn: Orientation) -> Option<Bytes> {
    let mut png = Png::from_bytes(file).ok()?;
    let picture: [&[u8; 4]; 16] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"pHYs",
        b"bKGD", b"acTL", b"fcTL", b"fdAT",
    ];
    png.chunks_mut().retain(|chunk| picture.contains(&&chunk.kind()));
    png.set_exif(orientation_exif(turn));
    Some(png.encoder().bytes())
}

fn strip_webp_metadata(file: Bytes, turn: Orientation) -> Option<Bytes> {
    let mut webp = WebP::from_bytes(file).ok()?;
    let picture: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
    webp.chunks_mut().retain(|chunk| picture.contains(&&chunk.id()));
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == *b"VP8X") {
        if let RiffContent::Data(header) = chunk.content_mut() {
            let mut bytes = header.to_vec();
            *bytes.first_mut()? &= !WEBP_XMP_FLAG;
            *header = bytes.into();
        }
    }
    webp.set_exif(orientation_exif(turn));
    Some(webp.encoder().bytes())
}

/// Rewrites a GIF without its metadata. Frames are copied in compressed form.
fn strip_gif_metadata(file: &[u8]) -> Option<Bytes> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.skip_frame_decoding(true);
    let mut frames = options.read_info(file).ok()?;
    let palette = frames.global_palette().unwrap_or_default().to_vec();
    let mut encoder = gif::Encoder::new(Vec::new(), frames.width(), frames.height(), &palette).ok()?;
    encoder.set_repeat(frames.repeat()).ok()?;
    while let Some(frame) = frames.read_next_frame().ok()? {
        encoder.write_lzw_pre_encoded_frame(frame).ok()?;
    }
    encoder.into_inner().ok().map(Bytes::from)
}
