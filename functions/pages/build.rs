//! Bundles the pages' scripts and styles with npm's packages, and compresses all that is served. Without npm the rest of the
//! product is built all the same, and the pages say what is missing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// What is looked at to see whether anything has changed.
const SOURCES: [&str; 12] = [
    "build.rs",
    "openapi.json",
    "ui/docs.html",
    "ui/docs.ts",
    "ui/incomplete.html",
    "ui/index.html",
    "ui/index.ts",
    "ui/package.json",
    "ui/package-lock.json",
    "ui/page.css",
    "ui/tokens.ts",
    "ui/tsconfig.json",
];

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLES: &str = "text/css; charset=utf-8";

/// A file that the HTML refers to.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: Vec<u8>,
}

fn main() -> io::Result<()> {
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?);
    let mut assets = vec![Asset { name: "page.css", media_type: STYLES, content: fs::read("ui/page.css")? }];
    let (index, docs) = match bundle(&out) {
        Ok(bundled) => {
            assets.extend(bundled);
            ("ui/index.html", "ui/docs.html")
        }
        Err(error) => {
            println!("cargo:warning=the pages are built without their scripts: {error}");
            ("ui/incomplete.html", "ui/incomplete.html")
        }
    };
    let mut hash = Sha256::new();
    for asset in &assets {
        hash.update(&asset.content);
    }
    let version = hex(&hash.finalize());
    let mut code = format!("pub(crate) const VERSION: &str = {version:?};\n");
    code.push_str("pub(crate) const ASSETS: &[(&str, Embedded)] = &[\n");
    for asset in &assets {
        let embedded = embed(&out, asset.name, asset.media_type, &asset.content)?;
        writeln!(code, "    ({:?}, {embedded}),", asset.name).map_err(io::Error::other)?;
    }
    let contract = embed(&out, "openapi.json", "application/json", &fs::read("openapi.json")?)?;
    writeln!(code, "];\npub(crate) const CONTRACT: Embedded = {contract};").map_err(io::Error::other)?;
    for (name, file) in [("INDEX", index), ("DOCS", docs)] {
        let html = fs::read_to_string(file)?.replace("{{assets}}", &format!("/assets/{version}"));
        writeln!(code, "pub(crate) const {name}: &str = {html:?};").map_err(io::Error::other)?;
    }
    fs::write(out.join("embedded.rs"), code)
}

/// The scripts of the pages, and Swagger UI's own files.
fn bundle(out: &Path) -> io::Result<Vec<Asset>> {
    let modules = out.join("node_modules");
    let (lock, installed) = (fs::read("ui/package-lock.json")?, out.join("installed"));
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(Path::new("ui").join(file), out.join(file))?;
        }
        // Half an installation is none, whatever was there before.
        if installed.exists() {
            fs::remove_file(&installed)?;
        }
        // Without a network the build is not to wait for one.
        let options = [
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            "--fetch-retries=0",
        ];
        run(Command::new("npm").current_dir(out).args(options))?;
        fs::write(installed, lock)?;
    }
    let bundles = out.join("bundles");
    let esbuild = modules.join(".bin/esbuild");
    let options = ["ui/docs.ts", "ui/index.ts", "--bundle", "--minify", "--format=esm", "--target=es2022"];
    run(Command::new(esbuild).args(options).arg(format!("--outdir={}", bundles.display())))?;
    let swagger = modules.join("swagger-ui-dist");
    Ok(vec![
        Asset { name: "docs.js", media_type: SCRIPT, content: fs::read(bundles.join("docs.js"))? },
        Asset { name: "index.js", media_type: SCRIPT, content: fs::read(bundles.join("index.js"))? },
        Asset { name: "swagger-ui.js", media_type: SCRIPT, content: fs::read(swagger.join("swagger-ui-bundle.js"))? },
        Asset { name: "swagger-ui.css", media_type: STYLES, content: fs::read(swagger.join("swagger-ui.css"))? },
    ])
}

fn run(command: &mut Command) -> io::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).replace('\n', " "))))
}

/// Writes a file compressed, and gives the code that embeds it.
fn embed(out: &Path, name: &str, media_type: &str, content: &[u8]) -> io::Result<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    let file = out.join(format!("{name}.gz"));
    fs::write(&file, encoder.finish()?)?;
    let tag = hex(&Sha256::digest(content));
    Ok(format!("Embedded {{ media_type: {media_type:?}, tag: {tag:?}, gzip: include_bytes!({file:?}) }}"))
}

fn hex(hash: &[u8]) -> String {
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
