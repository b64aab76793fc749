//! Photos: which files are accepted, what is stored, and that no lead refers to a missing S3 object.

use std::collections::BTreeSet;
use std::io::Cursor;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{
    AnimationDecoder as _, DynamicImage, Frame, ImageDecoder as _, ImageFormat, ImageReader, RgbImage, RgbaImage,
};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{ImageEXIF as _, ImageICC as _};
use jiff::SignedDuration;
use local::{Fault, StackOptions};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{
    TestCaller, TestResponse, TestStack, example_lead, example_lead_with, put_body_with, test_options, with_api,
    with_fault_injection, with_faults_and_deadline,
};

const UPLOAD_PATH: &str = "/leads/upload-photo";
const IMAGE_FORMATS: [ImageFormat; 4] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
/// GPS position that the tests hide in every part of an image file that can hold metadata.
const LOCATION_TEXT: &[u8] = b"52.5200N 13.4050E";

/// An image of random pixels, which hardly compresses.
fn noisy_image(width: u32, height: u32) -> RgbImage {
    let mut rng = fastrand::Rng::with_seed(u64::from(width) << 32 | u64::from(height));
    RgbImage::from_fn(width, height, |_, _| image::Rgb([rng.u8(..), rng.u8(..), rng.u8(..)]))
}

fn encoded_image(format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(noisy_image(16, 12)).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Builds a `multipart/form-data` body from parts, each with a name, an optional file name and the content.
fn multipart_body(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: image/jpeg")).unwrap_or_default();
        body.extend(format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--frontier--\r\n");
    body
}

async fn post_multipart(caller: &TestCaller<'_>, body: impl Into<Bytes>) -> TestResponse {
    caller.send_request("POST", UPLOAD_PATH, &[("content-type", "multipart/form-data; boundary=frontier")], body).await
}

async fn upload_photo(caller: &TestCaller<'_>, lead: Option<u64>, file: &[u8]) -> TestResponse {
    let id = lead.map(|id| id.to_string()).unwrap_or_default();
    let mut parts = vec![("photo", Some("me.jpg"), file)];
    if lead.is_some() {
        parts.push(("id", None, id.as_bytes()));
    }
    post_multipart(caller, multipart_body(&parts)).await
}

pub(crate) async fn upload_test_photo(caller: &TestCaller<'_>, lead: Option<u64>) -> String {
    let reply = upload_photo(caller, lead, &encoded_image(ImageFormat::Jpeg)).await.expect_status(200);
    reply.as_str().expect("a file name").to_owned()
}

impl TestStack {
    async fn read_object(&self, key: &str) -> Bytes {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.expect("the object");
        object.body.collect().await.expect("its bytes").into_bytes()
    }
}

fn photo_object_keys(team: &str, photos: &[&str]) -> BTreeSet<String> {
    photos.iter().map(|photo| format!("photos/{team}/{photo}")).collect()
}

fn hours_from_now(n: i64) -> Timestamp {
    Timestamp::from(jiff::Timestamp::now()).saturating_add(SignedDuration::from_hours(n))
}

#[tokio::test]
async fn an_uploaded_photo_replaces_the_old_photo_of_a_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let lead = owner.create_lead(example_lead("a@example.com")).await;
        let mut before = String::new();
        for format in IMAGE_FORMATS {
            let file = encoded_image(format);
            let name = upload_photo(&owner, Some(lead), &file).await.expect_status(200);
            let name = name.as_str().expect("a file name, as a JSON string");
            assert!(name.ends_with(&format!(".{}", format.extensions_str()[0])), "{name}");
            let read = owner.get("/leads/1").await.expect_status(200);
            assert_eq!(read["photo"], name);
            assert!(read["photoUrl"].as_str().unwrap().contains(&format!("/photos/team/{name}?")), "{read}");
            let stored = api.read_object(&format!("photos/team/{name}")).await;
            let (sent, got) = (image::load_from_memory(&file).unwrap(), image::load_from_memory(&stored).unwrap());
            assert_eq!(sent.as_bytes(), got.as_bytes(), "not a pixel changes");
            let photos: BTreeSet<String> = api.object_keys().await.into_iter().filter(|key| key.starts_with("photos/")).collect();
            assert_eq!(photos, photo_object_keys("team", &[name]));
            let log = owner.get("/leads/logs/1?limit=1").await.expect_status(200)["logs"][0].clone();
            assert_eq!((&log["action"], &log["entityType"], &log["entityId"]), (&json!("UploadPhoto"), &json!("Lead"), &json!(lead)));
            assert_eq!(log["changes"], json!({ "photo": { "previous": before, "current": name } }));
            before = name.to_owned();
        }
        let deleted = owner.delete(&format!("/leads/delete-photo/{before}"), Value::Null).await.expect_status(200);
        assert_eq!(deleted, json!({ "message": "Photo deleted successfully", "description": "The photo has been deleted successfully." }));
        let read = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&read["photo"], read.get("photoUrl")), (&json!(""), None));
        let log = owner.get("/leads/logs/1?limit=1").await.expect_status(200);
        assert_eq!((&log["count"], &log["logs"][0]["action"]), (&json!(6), &json!("DeletePhoto")));
        assert_eq!(log["logs"][0]["changes"], json!({ "photo": { "previous": before, "current": "" } }));
        owner.delete(&format!("/leads/delete-photo/{before}"), Value::Null).await.expect_error(404, "Lead not found");
        assert!(!api.object_keys().await.iter().any(|key| key.contains(&before)));
    })
    .await;
}

#[tokio::test]
async fn an_upload_can_be_attached_to_one_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let (first, second) = (upload_test_photo(&owner, None).await, upload_test_photo(&owner, None).await);
        owner.create_lead(example_lead_with("a@example.com", json!({ "photo": first }))).await;
        owner.create_lead(example_lead("b@example.com")).await;
        owner
            .post("/leads", example_lead_with("c@example.com", json!({ "photo": first })))
            .await
            .expect_bad_fields(&["photo"]);
        owner.put("/leads/2", put_body_with(json!({ "photo": first }))).await.expect_bad_fields(&["photo"]);
        // Sending a lead's own photo name again changes nothing.
        owner.put("/leads/1", put_body_with(json!({ "photo": first }))).await.expect_status(200);
        let other = api.caller_with_role("other", "Owner");
        other
            .post("/leads", example_lead_with("a@example.com", json!({ "photo": second })))
            .await
            .expect_bad_fields(&["photo"]);
        owner.put("/leads/1", put_body_with(json!({ "photo": second }))).await.expect_status(200);
        let photos: BTreeSet<String> =
            api.object_keys().await.into_iter().filter(|key| key.starts_with("photos/")).collect();
        assert_eq!(photos, photo_object_keys("team", &[&second]));
        // A replaced photo cannot be given to another lead.
        owner.put("/leads/2", put_body_with(json!({ "photo": first }))).await.expect_bad_fields(&["photo"]);
        // Deleting a lead also deletes the object of its photo.
        owner.delete("/leads", json!({ "ids": [1] })).await.expect_status(200);
        assert!(!api.object_keys().await.iter().any(|key| key.contains(&second)));
        owner.put("/leads/2", put_body_with(json!({ "photo": second }))).await.expect_bad_fields(&["photo"]);
    })
    .await;
}

#[tokio::test]
async fn an_upload_may_be_json_with_base64() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let lead = owner.create_lead(example_lead("a@example.com")).await;
        let file = encoded_image(ImageFormat::Png);
        let lines = STANDARD
            .encode(&file)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect::<Vec<_>>();
        let url = |text: &str| format!("data:image/png;base64,{text}");
        for text in [
            STANDARD.encode(&file),
            STANDARD_NO_PAD.encode(&file),
            lines.join("\r\n"),
            url(&STANDARD.encode(&file)),
            url(&lines.join("\n")),
        ] {
            let name = owner.post(UPLOAD_PATH, json!({ "id": lead, "photo": text })).await.expect_status(200);
            assert_eq!(owner.get("/leads/1").await.expect_status(200)["photo"], name);
        }
        owner.post(UPLOAD_PATH, json!({ "photo": STANDARD.encode(&file) })).await.expect_status(200);
        owner.post(UPLOAD_PATH, json!({ "id": null, "photo": STANDARD.encode(&file) })).await.expect_status(200);
        for (body, fields) in [
            // The original API document's example has the word `binary` in place of the bytes of a file.
            (json!({ "id": 1, "photo": "binary" }), &["photo"][..]),
            (json!({ "id": 0, "photo": "?" }), &["id", "photo"]),
            (json!({ "photo": "data:image/png,x" }), &["photo"]),
            (json!({ "id": "1", "photo": null }), &["id", "photo"]),
            (json!({}), &["photo"]),
            (json!([]), &["body"]),
        ] {
            let refused = owner.post(UPLOAD_PATH, body.clone()).await;
            assert_eq!(refused.body["message"], "Invalid file", "{body}");
            refused.expect_bad_fields(fields);
        }
    })
    .await;
}

#[tokio::test]
async fn malformed_uploads_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let jpeg = encoded_image(ImageFormat::Jpeg);
        let photo = ("photo", Some("me.jpg"), &jpeg[..]);
        let whole = multipart_body(&[photo]);
        let before = api.scan_all_items().await;
        for (what, body, fields) in [
            ("nothing", Vec::new(), &["body"][..]),
            ("no part", multipart_body(&[]), &["photo"]),
            ("no photo", multipart_body(&[("id", None, b"1")]), &["photo"]),
            ("an empty photo", multipart_body(&[("photo", Some("me.jpg"), b"")]), &["photo"]),
            ("two photos", multipart_body(&[photo, photo]), &["photo"]),
            ("two ids", multipart_body(&[("id", None, b"1"), photo, ("id", None, b"1")]), &["id"]),
            (
                "a bad id and no image",
                multipart_body(&[("id", None, b"x"), ("photo", None, b"GIF89a")]),
                &["id", "photo"],
            ),
            ("an id that is not text", multipart_body(&[("id", None, b"\xff"), photo]), &["id"]),
            ("another field", multipart_body(&[photo, ("lead", None, b"1")]), &["lead"]),
            ("half a form", whole[..whole.len() / 2].to_vec(), &["body"]),
            ("no end", whole[..whole.len() - 16].to_vec(), &["body"]),
            ("another boundary", [b"--border", &whole[10..]].concat(), &["photo"]),
            ("headers that are none", b"--frontier\r\n\xff\xfe\r\n\r\nx\r\n--frontier--\r\n".to_vec(), &["body"]),
        ] {
            let refused = post_multipart(&owner, body).await;
            assert_eq!(
                (refused.status, &refused.body["message"]),
                (400, &json!("Invalid file")),
                "{what}: {}",
                refused.body
            );
            let named = refused.body["errors"].clone();
            assert_eq!(
                named.as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect::<Vec<_>>(),
                fields,
                "{what}"
            );
        }
        for (content_type, status) in [
            ("multipart/form-data", 400),
            ("multipart/form-data; boundary=", 400),
            ("text/plain", 415),
            ("image/jpeg", 415),
            ("application/x-www-form-urlencoded", 415),
        ] {
            let refused =
                owner.send_request("POST", UPLOAD_PATH, &[("content-type", content_type)], whole.clone()).await;
            assert_eq!(refused.status, status, "{content_type}: {}", refused.body);
        }
        owner.send_request("POST", UPLOAD_PATH, &[], whole.clone()).await.expect_error(415, "Unsupported media type");
        owner
            .send_request(
                "POST",
                &format!("{UPLOAD_PATH}?id=1"),
                &[("content-type", "multipart/form-data; boundary=frontier")],
                whole,
            )
            .await
            .expect_bad_fields(&["id"]);
        assert_eq!(api.scan_all_items().await, before, "a refusal writes nothing");
        assert_eq!(api.object_keys().await, BTreeSet::new(), "a refusal stores nothing");
    })
    .await;
}

/// A one-colour PNG of `width` × `height` pixels, whose file is small because it compresses well.
fn decompression_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    let row = vec![0; width.div_ceil(8) as usize];
    (0..height).for_each(|_| std::io::Write::write_all(&mut rows, &row).unwrap());
    rows.finish().unwrap();
    drop(writer);
    file
}

#[tokio::test]
async fn files_that_are_no_image_or_too_large_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let mut files = vec![
            ("text", b"Hello, this is not an image.".to_vec()),
            ("a signature alone", b"\x89PNG\r\n\x1a\n".to_vec()),
            ("another one", b"\xff\xd8\xff\xe0 and then text".to_vec()),
            ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec()),
            ("BMP", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\0".to_vec()),
            ("more pixels than a camera has", decompression_bomb(30_000, 30_000)),
            ("one row more than 25 million pixels", decompression_bomb(5_000, 5_001)),
        ];
        assert!(files[5].1.len() < 1024 * 1024, "{}", files[5].1.len());
        let mut huge_gif = encoded_image(ImageFormat::Gif);
        huge_gif[6..10].copy_from_slice(&[0xff; 4]);
        files.push(("a GIF of 4 billion pixels", huge_gif));
        for format in IMAGE_FORMATS {
            let file = encoded_image(format);
            files.push(("half a file", file[..file.len() / 2].to_vec()));
            files.push(("a header", file[..24].to_vec()));
        }
        let mut long = encoded_image(ImageFormat::Jpeg);
        long.resize(4 * 1024 * 1024 + 1, 0);
        files.push(("4 MiB and a byte", long.clone()));
        for (what, file) in files {
            let refused = upload_photo(&owner, None, &file).await;
            assert_eq!((refused.status, &refused.body["message"]), (400, &json!("Invalid file")), "{what}: {}", refused.body);
            refused.expect_bad_fields(&["photo"]);
        }
        assert_eq!(api.object_keys().await, BTreeSet::new());
        long.pop();
        upload_photo(&owner, None, &long).await.expect_status(200);
        upload_photo(&owner, None, &decompression_bomb(5_000, 5_000)).await.expect_status(200);
        post_multipart(&owner, vec![b'x'; 6 * 1024 * 1024 + 1]).await.expect_error(413, "Payload too large");
    })
    .await;
}

#[tokio::test]
async fn a_photo_of_three_megabytes_is_stored_unchanged() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, 95).encode_image(&noisy_image(1200, 1130)).unwrap();
        assert!((3_000_000..4 * 1024 * 1024).contains(&file.len()), "{}", file.len());
        for _ in 0..2 {
            let name = upload_photo(&owner, Some(1), &file).await.expect_status(200);
            assert_eq!(api.read_object(&format!("photos/team/{}", name.as_str().unwrap())).await, file);
        }
        let name =
            owner.post(UPLOAD_PATH, json!({ "id": 1, "photo": STANDARD.encode(&file) })).await.expect_status(200);
        assert_eq!(api.read_object(&format!("photos/team/{}", name.as_str().unwrap())).await, file);
    })
    .await;
}

#[tokio::test]
async fn a_photo_cannot_be_deleted_or_replaced_by_another_team() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let lead = owner.create_lead(example_lead("a@example.com")).await;
        // The stored photo gets a generated name: the file name in the upload is ignored.
        for name in ["../../etc/passwd", "a/b.jpg", "..\\x.jpg", "%2e%2e%2fx.jpg", "", "a\u{e9}.php"] {
            let reply =
                post_multipart(&owner, multipart_body(&[("photo", Some(name), &encoded_image(ImageFormat::Jpeg))]))
                    .await
                    .expect_status(200);
            let stored = reply.as_str().unwrap();
            assert!(stored.len() == 36 && stored.ends_with(".jpg"), "{stored}");
        }
        assert!(api.object_keys().await.iter().all(|key| key.starts_with("uploads/team/") && key.len() == 49));
        let photo = upload_test_photo(&owner, Some(lead)).await;
        let before = (api.scan_all_items().await, api.object_keys().await);
        let other = api.caller_with_role("other", "Owner");
        for name in [&photo[..], "..%2F..%2Fphotos%2Fteam%2Fx.jpg", "%2e%2e", "x.jpg", "%00", "%ff", "a%23b"] {
            other.delete(&format!("/leads/delete-photo/{name}"), Value::Null).await.expect_status(404);
        }
        upload_photo(&other, Some(lead), &encoded_image(ImageFormat::Jpeg)).await.expect_error(404, "Lead not found");
        assert_eq!((api.scan_all_items().await, api.object_keys().await), before);
    })
    .await;
}

fn exif_with_orientation(turn: u8) -> Vec<u8> {
    let mut exif =
        b"II*\0\x08\0\0\0\x02\0\x0e\x01\x02\0\x12\0\0\0\x26\0\0\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    exif[30] = turn;
    exif.extend(LOCATION_TEXT);
    exif.push(0);
    exif
}

/// An image file with [`LOCATION_TEXT`] in every kind of metadata that its format can hold, and after the end of the
/// image. Except for GIF, it also has an EXIF orientation.
fn image_with_location(format: ImageFormat) -> Vec<u8> {
    let file = Bytes::from(encoded_image(format));
    let location_after = |before: &[u8]| Bytes::from([before, LOCATION_TEXT].concat());
    let exif = Bytes::from(exif_with_orientation(6));
    let mut file = match format {
        ImageFormat::Jpeg => {
            let mut jpeg = Jpeg::from_bytes(file).unwrap();
            jpeg.set_exif(Some(exif));
            jpeg.set_icc_profile(Some(Bytes::from_static(b"a profile")));
            for (marker, before) in [
                (markers::APP1, &b"http://ns.adobe.com/xap/1.0/\0"[..]),
                (markers::APP13, b"Photoshop 3.0\0"),
                (markers::APP2, b"MPF\0"),
                (markers::COM, b""),
            ] {
                jpeg.segments_mut().insert(1, JpegSegment::new_with_contents(marker, location_after(before)));
            }
            jpeg.encoder().bytes().to_vec()
        }
        ImageFormat::Png => {
            let mut png = Png::from_bytes(file).unwrap();
            png.set_exif(Some(exif));
            for (kind, before) in
                [(*b"tEXt", &b"Comment\0"[..]), (*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0"), (*b"prVt", b"")]
            {
                png.chunks_mut().insert(1, PngChunk::new(kind, location_after(before)));
            }
            png.encoder().bytes().to_vec()
        }
        ImageFormat::WebP => {
            let mut webp = WebP::from_bytes(file).unwrap();
            for id in [*b"XMP ", *b"PRVT"] {
                webp.chunks_mut().push(RiffChunk::new(id, RiffContent::Data(location_after(b""))));
            }
            webp.set_exif(Some(exif));
            webp.encoder().bytes().to_vec()
        }
        _ => {
            let mut animation = Vec::new();
            let mut encoder = GifEncoder::new(&mut animation);
            encoder.set_repeat(Repeat::Infinite).unwrap();
            for shade in [50, 100, 200] {
                encoder.encode_frame(Frame::new(RgbaImage::from_pixel(8, 8, image::Rgba([shade, 0, 0, 255])))).unwrap();
            }
            drop(encoder);
            animation.pop();
            animation.extend([0x21, 0xfe, LOCATION_TEXT.len() as u8]);
            animation.extend(LOCATION_TEXT);
            animation.extend([0, 0x21, 0xff, 11]);
            animation.extend(b"XMP DataXMP");
            animation.push(LOCATION_TEXT.len() as u8);
            animation.extend(LOCATION_TEXT);
            animation.extend([0, 0x3b]);
            animation
        }
    };
    file.extend(LOCATION_TEXT);
    file
}

#[tokio::test]
async fn location_metadata_is_removed() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let holds = |file: &[u8]| file.windows(LOCATION_TEXT.len()).any(|window| window == LOCATION_TEXT);
        for format in IMAGE_FORMATS {
            let file = image_with_location(format);
            assert!(holds(&file));
            let name = upload_photo(&owner, Some(1), &file).await.expect_status(200);
            let stored = api.read_object(&format!("photos/team/{}", name.as_str().unwrap())).await;
            assert!(!holds(&stored), "{format:?}");
            assert_eq!(image::guess_format(&stored).unwrap(), format);
            let (sent, got) = (image::load_from_memory(&file).unwrap(), image::load_from_memory(&stored).unwrap());
            assert_eq!(sent.as_bytes(), got.as_bytes(), "{format:?}: not a pixel changes");
            let mut decoder = ImageReader::with_format(Cursor::new(&stored), format).into_decoder().unwrap();
            if format == ImageFormat::Gif {
                let animation = image::codecs::gif::GifDecoder::new(Cursor::new(&stored)).unwrap();
                let shades: Vec<u8> = animation.into_frames().map(|frame| frame.unwrap().buffer()[(0, 0)][0]).collect();
                assert_eq!(shades, [50, 100, 200]);
                assert!(stored.windows(11).any(|window| window == b"NETSCAPE2.0"), "it still repeats");
            } else {
                assert_eq!(decoder.orientation().unwrap(), Orientation::Rotate90, "{format:?}");
            }
            if format == ImageFormat::Jpeg {
                assert_eq!(decoder.icc_profile().unwrap().as_deref(), Some(&b"a profile"[..]));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_with_an_idempotency_key_takes_effect_once() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let file = encoded_image(ImageFormat::Jpeg);
        let once = async |key: &str, lead: Option<u64>| {
            let id = lead.map(|id| id.to_string()).unwrap_or_default();
            let mut parts = vec![("photo", Some("me.jpg"), &file[..])];
            if lead.is_some() {
                parts.push(("id", None, id.as_bytes()));
            }
            let headers = [("content-type", "multipart/form-data; boundary=frontier"), ("idempotency-key", key)];
            owner.send_request("POST", UPLOAD_PATH, &headers, multipart_body(&parts)).await
        };
        for (key, lead) in [("one", None), ("two", Some(1))] {
            let first = once(key, lead).await.expect_status(200);
            let state = (api.scan_all_items().await, api.object_keys().await);
            assert_eq!(once(key, lead).await.expect_status(200), first);
            assert_eq!((api.scan_all_items().await, api.object_keys().await), state);
        }
        once("two", None).await.expect_error(400, "Invalid Idempotency-Key");
        let (a, b, c) = tokio::join!(once("three", Some(1)), once("three", Some(1)), once("three", Some(1)));
        let names: BTreeSet<String> = [a, b, c].map(|reply| reply.expect_status(200).to_string()).into();
        assert_eq!(names.len(), 1, "{names:?}");
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 3);
        let photos = api.object_keys().await.into_iter().filter(|key| key.starts_with("photos/")).count();
        // The clean-up removes the copies of concurrent uploads that were not attached to the lead.
        api.run_clean_up_hours_ahead(26).await;
        assert_eq!(api.object_keys().await.iter().filter(|key| key.starts_with("photos/")).count(), 1, "of {photos}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_uploads_leave_a_lead_one_photo() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let file = encoded_image(ImageFormat::Jpeg);
        let all = futures_util::future::join_all((0..6).map(|_| upload_photo(&owner, Some(1), &file))).await;
        let names: Vec<String> =
            all.into_iter().map(|reply| reply.expect_status(200).as_str().unwrap().to_owned()).collect();
        let photo = owner.get("/leads/1").await.expect_status(200)["photo"].as_str().unwrap().to_owned();
        assert!(names.contains(&photo));
        let photos: BTreeSet<String> =
            api.object_keys().await.into_iter().filter(|key| key.starts_with("photos/")).collect();
        assert_eq!(photos, photo_object_keys("team", &[&photo]));
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 7);
        // A request deletes a photo while another request gives the photo to a lead: no lead may refer to a missing
        // object.
        let spare = upload_test_photo(&owner, None).await;
        let path = format!("/leads/delete-photo/{spare}");
        let (deleted, named) = tokio::join!(
            owner.delete(&path, Value::Null),
            owner.put("/leads/1", put_body_with(json!({ "photo": spare })))
        );
        assert!(deleted.status == 200 || deleted.status == 404, "{deleted:?}");
        assert!(named.status == 200 || named.status == 400, "{named:?}");
        assert_photos_exist(api).await;
    })
    .await;
}

/// Asserts that the S3 object of every lead's photo exists.
async fn assert_photos_exist(api: &TestStack) {
    let objects = api.object_keys().await;
    for item in api.scan_all_items().await.values() {
        let photo = item.get("photo").and_then(|photo| photo.as_s().ok()).filter(|photo| !photo.is_empty());
        if let Some(photo) = photo.filter(|_| !item.contains_key("deleted")) {
            assert!(objects.contains(&format!("photos/team/{photo}")), "{photo} of {objects:?}");
        }
    }
}

/// An upload that fails for good at some step must leave the lead's photo intact, as a crash at that step would. The
/// clean-up removes the rest.
#[tokio::test]
async fn a_failed_upload_keeps_the_photo_and_is_cleaned_up() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let old = upload_test_photo(&owner, Some(1)).await;
        let file = encoded_image(ImageFormat::Png);
        let (table, bucket) = (api.dynamodb_faults(), api.s3_faults());
        let stopped = async |photo: &str, left: usize| {
            upload_photo(&owner, Some(1), &file).await.expect_error(503, "Service unavailable");
            table.stop_faults();
            bucket.stop_faults();
            assert_eq!(owner.get("/leads/1").await.expect_status(200)["photo"], photo);
            assert_photos_exist(api).await;
            let objects = api.object_keys().await;
            assert_eq!(objects.len(), left, "{objects:?}");
        };
        // Two objects are left: the lead's photo, and its original in `uploads/`.
        bucket.inject_always("PutObject", Fault::Throttle);
        stopped(&old, 2).await;
        table.inject_always("TransactWriteItems", Fault::Throttle);
        stopped(&old, 3).await;
        bucket.inject_always("CopyObject", Fault::Throttle);
        stopped(&old, 4).await;
        table.inject_next("TransactWriteItems", [Fault::Pass]);
        table.inject_always("TransactWriteItems", Fault::Throttle);
        stopped(&old, 6).await;

        // If deleting the old objects fails, the lead has its new photo, and the clean-up removes the old one.
        bucket.inject_always("DeleteObjects", Fault::Throttle);
        upload_photo(&owner, Some(1), &file).await.expect_status(200);
        bucket.stop_faults();
        let new = owner.get("/leads/1").await.expect_status(200)["photo"].as_str().unwrap().to_owned();
        assert_ne!(new, old);
        assert_photos_exist(api).await;
        assert!(api.object_keys().await.contains(&format!("photos/team/{old}")));
        api.run_clean_up_hours_ahead(2).await;
        assert!(!api.object_keys().await.iter().any(|key| key.contains(&old)));

        // Deletes the photo while deleting its objects fails. The clean-up fails as well, and later succeeds.
        bucket.inject_always("DeleteObjects", Fault::Throttle);
        owner.delete(&format!("/leads/delete-photo/{new}"), Value::Null).await.expect_status(200);
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["photo"], "");
        let removed = api.gateway.invoke_clean_up(hours_from_now(26)).await;
        assert!(removed.is_err(), "{removed:?}");
        bucket.stop_faults();
        api.run_clean_up_hours_ahead(26).await;
        api.run_clean_up_hours_ahead(28).await;
        // One upload is left that the table has no record of. In AWS, the bucket's lifecycle rule deletes it.
        let objects = api.object_keys().await;
        assert!(objects.len() == 1 && objects.iter().all(|key| key.starts_with("uploads/")), "{objects:?}");
        assert!(!api.scan_all_items().await.keys().any(|key| key.sk == "PHOTO"));
    })
    .await;
}

#[tokio::test]
async fn an_unattached_upload_expires() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let (late, named, deleted) = (
            upload_test_photo(&owner, None).await,
            upload_test_photo(&owner, None).await,
            upload_test_photo(&owner, None).await,
        );
        owner.create_lead(example_lead_with("a@example.com", json!({ "photo": named }))).await;
        owner.delete(&format!("/leads/delete-photo/{deleted}"), Value::Null).await.expect_status(200);
        owner.delete(&format!("/leads/delete-photo/{deleted}"), Value::Null).await.expect_error(404, "Lead not found");
        owner.put("/leads/1", put_body_with(json!({ "photo": deleted }))).await.expect_bad_fields(&["photo"]);
        // The clean-up removes a photo's objects twice, an hour apart, because a copy may be under way the first time.
        // The second time it deletes the photo's record: here after 3 hours for the deleted photo, after 27 for the
        // upload that no lead got.
        let mut photos = Vec::new();
        for hours in [0, 2, 3, 4, 24, 26, 27, 28] {
            photos.push(api.run_clean_up_hours_ahead(hours).await["photos"].as_u64().unwrap());
        }
        assert_eq!(photos, [0, 0, 1, 0, 0, 0, 1, 0]);
        assert!(!api.object_keys().await.iter().any(|key| key.contains(&late)));
        owner.put("/leads/1", put_body_with(json!({ "photo": late }))).await.expect_bad_fields(&["photo"]);
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["photo"], named);
        assert_photos_exist(api).await;
    })
    .await;
}

/// A write of the clean-up is delayed until after the photo's record was deleted. It must not create the record again.
#[tokio::test]
async fn a_delayed_clean_up_write_restores_no_photo() {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, patient: false, ..test_options() }).await;
    upload_test_photo(&api.owner_caller(), None).await;
    api.dynamodb_faults().inject_next("UpdateItem", [Fault::Slow]);
    assert_eq!(api.run_clean_up_hours_ahead(48).await["photos"], 0);
    assert_eq!(api.dynamodb_faults().count_faults_left(), 0);
    assert_eq!(api.run_clean_up_hours_ahead(50).await["photos"], 1);
    api.dynamodb_faults().wait_for_slow_requests().await;
    assert!(api.scan_all_items().await.into_keys().all(|key| key.sk != "PHOTO"));
    api.audit_all_teams().await;
}

/// The promotion of an upload in S3 is completed only after the clean-up has removed the photo, and leaves an object.
/// The clean-up's second removal removes that object.
#[tokio::test]
async fn a_copy_concurrent_with_the_clean_up_leaves_no_object() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let late = upload_test_photo(&owner, None).await;
        api.run_clean_up_hours_ahead(26).await;
        let copy = api.s3.put_object().bucket(&api.bucket).key(format!("photos/team/{late}"));
        copy.body(encoded_image(ImageFormat::Png).into()).send().await.unwrap();
        api.run_clean_up_hours_ahead(28).await;
        assert_eq!(api.object_keys().await, BTreeSet::new());
    })
    .await;
}

/// The reply to the transaction that attaches the photo is lost. The API must not delete the photo as if another had
/// replaced it.
#[tokio::test]
async fn a_lost_reply_does_not_remove_the_attached_photo() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let replies = [Fault::Pass, Fault::LostAnswer, Fault::LostAnswer, Fault::InProgress];
        api.dynamodb_faults().inject_next("TransactWriteItems", replies);
        let photo = upload_test_photo(&owner, Some(1)).await;
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["photo"], photo);
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 2);
        assert_photos_exist(api).await;
    })
    .await;
}

/// Loads a photo's URL as a browser would: without a token, from a page of another origin.
#[tokio::test]
async fn photos_load_from_any_origin_without_a_token() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        upload_photo(&owner, Some(1), &encoded_image(ImageFormat::Png)).await.expect_status(200);
        let url = owner.get("/leads/1").await.expect_status(200)["photoUrl"].as_str().unwrap().to_owned();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let request =
            format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\norigin: https://crm.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        for header in ["access-control-allow-origin: *", "content-type: image/png"] {
            assert!(head.contains(header), "{head}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_truncated_image_is_reported_as_truncated() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let file = encoded_image(format);
            for length in [file.len() - 2, file.len() / 2, 40] {
                let reply = owner
                    .post(UPLOAD_PATH, json!({ "photo": STANDARD.encode(&file[..length]) }))
                    .await
                    .expect_status(400);
                let message = reply["errors"][0]["message"].as_str().unwrap();
                assert!(message.contains("truncated"), "{format:?} of {length} bytes: {message}");
            }
        }
    })
    .await;
}
