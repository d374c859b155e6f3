//! Several servers, of which one may be written to.

use super::pair::Pair;
use crate::common::{Running, TRYING};

#[test]
fn of_several_hosts_a_run_takes_the_primary_and_status_any() {
    let pair = Pair::start(["first", "second"], 5000);
    pair.drive(&pair.standby_first(), &["run", "--batch", "500"]).wait().expect(0);
    pair.assert_rotated_once();
    for (attrs, code) in [
        ("any", 0),
        ("prefer-standby", 0),
        ("standby", 0),
        ("read-only", 0),
        ("primary", 1),
        ("read-write", 1),
    ] {
        let mut command = pair.standby().driver(&["status"]);
        command.env("PGTARGETSESSIONATTRS", attrs);
        let ended = Running::start(command).wait().expect(code);
        assert_eq!(
            ended.stderr.contains(&format!("asks for, which is {attrs}")),
            code == 1,
            "{}",
            ended.stderr
        );
    }
    let hosts = pair.primary_first();
    let told = format!("host={hosts} target_session_attrs=standby load_balance_hosts=random");
    let ended = Running::start(pair.primary().driver(&["--url", &told, "run", "--new"])).wait().expect(1);
    ended.says(&["25006: cannot rotate tokens on a standby"]);
}

#[test]
fn a_run_follows_a_promotion_in_either_order_of_the_hosts() {
    for (names, hosts) in [
        (["old", "new"], Pair::primary_first as fn(&Pair) -> String),
        (["before", "after"], Pair::standby_first),
    ] {
        let mut pair = Pair::start(names, 5000);
        let running = pair.drive(&hosts(&pair), &["run", "--batch", "20"]);
        pair.wait_for_batches(10);
        pair.promote("fast");
        pair.rewind();
        running.wait().expect(0).says(&[TRYING]);
        pair.assert_rotated_once();
    }
}
