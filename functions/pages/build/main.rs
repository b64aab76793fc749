//! Bundles the scripts and styles of the console and the API reference with npm packages, renders the documentation,
//! and compresses every public file. A debug build without npm has placeholder pages instead, which say what is
//! missing.

mod guides;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Files whose change makes Cargo run this script again.
const WATCHED_SOURCES: [&str; 8] = [
    "build",
    guides::FOLDER,
    "openapi.json",
    "ui/console",
    "ui/package.json",
    "ui/package-lock.json",
    "ui/reference",
    "ui/tsconfig.json",
];

/// A built script, style sheet or other file that the pages load by URL.
struct Asset {
    name: String,
    content: Vec<u8>,
}

/// HTML of the console (`index`) and of the API reference (`docs`), and the files that they load. Without npm, the
/// placeholder pages.
struct BuiltPages {
    assets: Vec<Asset>,
    index: String,
    docs: String,
}

fn main() -> io::Result<()> {
    for source in WATCHED_SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?);
    let BuiltPages { assets, index, docs } = match bundle_pages(&out) {
        Ok(pages) => pages,
        // A release build fails without npm packages, so that no release has placeholder pages.
        Err(error) if env::var("PROFILE").is_ok_and(|profile| profile == "release") => {
            return Err(io::Error::other(format!("the console cannot be built: {error}")));
        }
        Err(error) => {
            println!("cargo:warning=the pages are built without their scripts: {error}");
            placeholder_pages()?
        }
    };
    let mut hash = Sha256::new();
    for asset in &assets {
        hash.update(&asset.content);
    }
    let assets_hash = hash_prefix_hex(&hash.finalize());
    let assets_url = format!("/assets/{assets_hash}");
    let mut code = format!("pub(crate) const ASSETS_HASH: &str = {assets_hash:?};\n");
    code.push_str("pub(crate) const ASSETS: &[(&str, Embedded)] = &[\n");
    for Asset { name, content } in &assets {
        let styles = Path::new(name).extension().is_some_and(|extension| extension == "css");
        let media_type = if styles { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        let embedded = write_embedded_file(&out, name, media_type, content)?;
        writeln!(code, "    ({name:?}, {embedded}),").map_err(io::Error::other)?;
    }
    code.push_str("];\npub(crate) const GUIDES: &[(&str, Embedded)] = &[\n");
    for (name, html) in guide_pages(&assets_url)? {
        let embedded = write_embedded_file(&out, &format!("{name}.html"), "text/html; charset=utf-8", html.as_bytes())?;
        writeln!(code, "    ({name:?}, {embedded}),").map_err(io::Error::other)?;
    }
    let contract = write_embedded_file(&out, "openapi.json", "application/json", &fs::read("openapi.json")?)?;
    writeln!(code, "];\npub(crate) const CONTRACT: Embedded = {contract};").map_err(io::Error::other)?;
    for (name, html) in [("INDEX", index), ("DOCS", docs)] {
        let html = html.replace("{{assets}}", &assets_url);
        writeln!(code, "pub(crate) const {name}: &str = {html:?};").map_err(io::Error::other)?;
    }
    fs::write(out.join("embedded.rs"), code)
}

/// The documentation's pages by name, in their frame. Each links to all.
fn guide_pages(assets_url: &str) -> io::Result<Vec<(String, String)>> {
    let frame = fs::read_to_string("ui/reference/guide.html")?.replace("{{assets}}", assets_url);
    let guides = guides::render_all()?;
    let pages = guides.iter().map(|guide| {
        let link = |other: &guides::Guide| {
            let current = if other.name == guide.name { " aria-current=\"page\"" } else { "" };
            format!("<a href=\"/docs/{}\"{current}>{}</a>", other.name, other.title)
        };
        let links: Vec<String> =
            std::iter::once("<a href=\"/docs\">API reference</a>".to_owned()).chain(guides.iter().map(link)).collect();
        let html = frame.replace("{{title}}", &guide.title).replace("{{navigation}}", &links.join("\n      "));
        (guide.name.clone(), html.replace("{{content}}", &guide.content))
    });
    Ok(pages.collect())
}

/// Bundles the console and the API reference with esbuild, and adds Swagger UI's files.
fn bundle_pages(out: &Path) -> io::Result<BuiltPages> {
    install_npm_packages(out)?;
    let (modules, bundles) = (out.join("node_modules"), out.join("bundles"));
    if bundles.exists() {
        // esbuild names chunks by their content, so it would leave the previous build's chunks in the folder.
        fs::remove_dir_all(&bundles)?;
    }
    // In one run, the console and the reference would share a file for the few lines that both need.
    for entries in [
        ["console=ui/console/app/first-view.ts", "console=ui/console/style/index.css"],
        ["docs=ui/reference/docs.ts", "reference=ui/reference/reference.css"],
    ] {
        let options = [
            "--bundle",
            "--minify",
            "--splitting",
            "--format=esm",
            "--target=es2022",
            "--jsx=automatic",
            "--jsx-import-source=preact",
        ];
        let esbuild = Command::new(modules.join(".bin/esbuild"))
            .env("NODE_PATH", &modules)
            .args(entries)
            .args(options)
            .arg(format!("--outdir={}", bundles.display()))
            .output();
        check_exit_status("esbuild", esbuild)?;
    }
    let script = first_view_script(&bundles)?;
    let mut assets = Vec::new();
    for file in fs::read_dir(&bundles)? {
        let file = file?;
        assets.push(Asset { name: file.file_name().to_string_lossy().into_owned(), content: fs::read(file.path())? });
    }
    let swagger = modules.join("swagger-ui-dist");
    for (name, file) in [("swagger-ui.js", "swagger-ui-bundle.js"), ("swagger-ui.css", "swagger-ui.css")] {
        assets.push(Asset { name: name.to_owned(), content: fs::read(swagger.join(file))? });
    }
    // The assets are sorted by name, because the hash is over their contents in this order.
    assets.sort_by(|one, other| one.name.cmp(&other.name));
    let index = fs::read_to_string("ui/console/app/index.html")?.replace("{{script}}", &script);
    Ok(BuiltPages { assets, index, docs: fs::read_to_string("ui/reference/docs.html")? })
}

/// Returns the name of the file with the code of the console's first view, and removes the entry point's file.
///
/// All that is fetched later imports the entry point, so esbuild moves its code into a chunk, and the entry point's file
/// only imports the chunk. The page loads the chunk itself, which saves a request.
///
/// # Errors
///
/// If the entry point's file has code of its own or imports several files.
fn first_view_script(bundles: &Path) -> io::Result<String> {
    let entry_point = bundles.join("console.js");
    let code = fs::read_to_string(&entry_point)?;
    let chunk = code.trim().strip_prefix("import\"./").and_then(|rest| rest.strip_suffix("\";"));
    let chunk = chunk.filter(|name| !name.contains('"')).ok_or_else(|| {
        io::Error::other("the console's first view is in several files: what is fetched later must import `first-view`")
    })?;
    fs::remove_file(entry_point)?;
    Ok(chunk.to_owned())
}

/// Returns placeholder pages for a debug build without npm packages.
fn placeholder_pages() -> io::Result<BuiltPages> {
    let html = fs::read_to_string("ui/reference/incomplete.html")?;
    let styles = Asset { name: "reference.css".to_owned(), content: fs::read("ui/reference/reference.css")? };
    Ok(BuiltPages { assets: vec![styles], index: html.clone(), docs: html })
}

/// Installs the npm packages of `package-lock.json`, unless that version of the file was installed before.
fn install_npm_packages(out: &Path) -> io::Result<()> {
    let (lock, installed) = (fs::read("ui/package-lock.json")?, out.join("installed"));
    if fs::read(&installed).ok().as_ref() == Some(&lock) {
        return Ok(());
    }
    for file in ["package.json", "package-lock.json"] {
        fs::copy(Path::new("ui").join(file), out.join(file))?;
    }
    // The marker of the previous installation is removed first, so that an interrupted installation does not count as
    // complete.
    if installed.exists() {
        fs::remove_file(&installed)?;
    }
    // npm does not retry downloads, so that a build without a network fails soon.
    let options =
        ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"];
    check_exit_status("npm", Command::new("npm").current_dir(out).args(options).output())?;
    fs::write(installed, lock)
}

fn check_exit_status(name: &str, output: io::Result<std::process::Output>) -> io::Result<()> {
    let output = output.map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).replace('\n', " "))))
}

/// Writes `content` compressed to a file, and returns the Rust expression that embeds the file.
fn write_embedded_file(out: &Path, name: &str, media_type: &str, content: &[u8]) -> io::Result<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    let file = out.join(format!("{name}.gz"));
    fs::write(&file, encoder.finish()?)?;
    let tag = hash_prefix_hex(&Sha256::digest(content));
    Ok(format!("Embedded {{ media_type: {media_type:?}, tag: {tag:?}, gzip: include_bytes!({file:?}) }}"))
}

fn hash_prefix_hex(hash: &[u8]) -> String {
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
