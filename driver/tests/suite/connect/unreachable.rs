//! Nobody there, or somebody who is not PostgreSQL.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use crate::common::{DRIVER, Ended, Running, free_port};

const HINT: &str = "HINT: Check that the server runs there; name another by --url";

fn run_against(host: &str, port: u16, sslmode: &str) -> Ended {
    let mut command = Command::new("env");
    command.args(["-i", DRIVER, "run", "--url"]);
    command.arg(format!("host={host} port={port} user=ann sslmode={sslmode} connect_timeout=2"));
    Running::start(command).wait()
}

/// Answers whatever is asked, over and over, like a server of another protocol.
fn impostor(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("the port is known").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(answer));
        }
    });
    port
}

#[test]
fn no_server_on_tcp() {
    let port = free_port();
    let ended = run_against("127.0.0.1", port, "prefer").expect(1);
    let refused = format!("cannot connect to 127.0.0.1 port {port}: Connection refused");
    ended.says(&[&refused, HINT]);
}

#[test]
fn no_server_behind_a_socket() {
    let ended = run_against("/nowhere", 5432, "prefer").expect(1);
    ended.says(&["cannot connect to /nowhere/.s.PGSQL.5432: No such file", HINT]);
}

#[test]
fn no_such_host() {
    let ended = run_against("nowhere.invalid", 5432, "prefer").expect(1);
    ended.says(&["cannot connect to nowhere.invalid port 5432", HINT]);
}

#[test]
fn a_web_server_is_no_database() {
    let port = impostor(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    for sslmode in ["disable", "prefer"] {
        let ended = run_against("127.0.0.1", port, sslmode).expect(1);
        ended.says(&[&format!("127.0.0.1 port {port} does not answer as a PostgreSQL server"), HINT]);
    }
    let tls_refused = format!("no TLS connection to 127.0.0.1 port {port}");
    run_against("127.0.0.1", port, "require").expect(1).says(&[&tls_refused]);
}

#[test]
fn a_server_that_hangs_up_is_no_database() {
    let port = impostor(b"");
    let ended = run_against("127.0.0.1", port, "prefer").expect(1);
    ended.says(&[&format!("127.0.0.1 port {port}"), HINT]);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("the port is known").port();
    let ended = run_against("127.0.0.1", port, "prefer").expect(1);
    ended.says(&["no answer in PostgreSQL's protocol from 127.0.0.1", "within the connect timeout", HINT]);
}
