//! Digests stand for tokens in the ledger: enough to know a token again, too little to tell it.

use sha2::{Digest, Sha256};

/// The first 8 bytes of SHA-256. Of a UUID the canonical bytes are its 16, of a text or bytea those that are stored.
pub fn digest(token: &[u8]) -> i64 {
    let hash = Sha256::digest(token);
    i64::from_be_bytes(std::array::from_fn(|i| hash[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_beginning_of_sha256() {
        assert_eq!(digest(b"abc") as u64, 0xba78_16bf_8f01_cfea);
    }
}
