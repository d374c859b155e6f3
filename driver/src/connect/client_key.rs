//! The client's private key in the forms that people have it in, as the one form that TLS takes here: PKCS#8.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};

use crate::error::Error;

const DECRYPT: &str = "Give sslpassword in the connection string, or decrypt it: \
                       openssl pkcs8 -topk8 -nocrypt -in KEY -out NEWKEY";
const CONVERT: &str = "A form that works for sure: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEWKEY";
const MODE: &str = "Run chmod 0600 on it.";

/// PKCS#8, PKCS#1 or SEC1, encrypted or not, in PEM or DER.
pub fn read(file: &Path, password: Option<&str>) -> Result<Vec<u8>, Error> {
    let unusable = |what: String, instead| Error::Refused {
        what: format!("cannot use the key \"{}\": {what}", file.display()),
        instead,
    };
    let about = fs::metadata(file).map_err(|error| unusable(error.to_string(), CONVERT))?;
    if is_open_to_others(about.mode(), about.uid()) {
        return Err(unusable("others can read it".to_owned(), MODE));
    }
    let text = fs::read(file).map_err(|error| unusable(error.to_string(), CONVERT))?;
    let asked = Cell::new(false);
    match parse(&text, password.unwrap_or_default(), &asked).and_then(|key| key.private_key_to_pem_pkcs8()) {
        Ok(key) => Ok(key),
        Err(_) if asked.get() && password.is_some() => {
            Err(unusable("sslpassword does not decrypt it".to_owned(), DECRYPT))
        }
        Err(_) if asked.get() => Err(unusable("it is encrypted".to_owned(), DECRYPT)),
        Err(_) => Err(unusable("no private key is found in it".to_owned(), CONVERT)),
    }
}

/// As libpq has it: a key of root's may be readable for a group that the user is in.
fn is_open_to_others(mode: u32, owner: u32) -> bool {
    mode & if owner == 0 { 0o037 } else { 0o077 } != 0
}

/// Without a callback, OpenSSL would ask at the terminal.
fn parse(text: &[u8], password: &str, asked: &Cell<bool>) -> Result<PKey<Private>, ErrorStack> {
    let fill = |space: &mut [u8]| {
        asked.set(true);
        let length = password.len().min(space.len());
        space[..length].copy_from_slice(&password.as_bytes()[..length]);
        Ok(length)
    };
    PKey::private_key_from_pem_callback(text, fill).or_else(|error| {
        let readable = !text.starts_with(b"-----");
        if readable { PKey::private_key_from_der(text) } else { Err(error) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_told_as_libpq_does() {
        for (mode, owner, open) in [
            (0o100_600, 1000, false),
            (0o100_400, 1000, false),
            (0o100_640, 1000, true),
            (0o100_640, 0, false),
            (0o100_644, 0, true),
        ] {
            assert_eq!(is_open_to_others(mode, owner), open, "{mode:o} of {owner}");
        }
    }
}
