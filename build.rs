//! Prints the C header from the boundary's source and compiles the one C file.
//!
//! The header goes to `OUT_DIR`; `tests/header.rs` compares it with `include/bytesio.h`.

use std::path::PathBuf;
use std::{env, fs};

#[path = "src/capi/header/mod.rs"]
mod header;

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // Mapped blocks want address space to spare, and file offsets of 64 bits.
        if env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "64") {
            println!("cargo::rustc-cfg=mapped");
        }
        cc::Build::new()
            .file("src/sys/single_threaded.c")
            .flag_if_supported("-fvisibility=hidden")
            .warnings_into_errors(true)
            .compile("bytesio_sys");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo"));
    fs::write(out.join("bytesio.h"), header::print(&out)).expect("the header can be written");
}
