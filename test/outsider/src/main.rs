//! A real ldk-node that joins the practice world from outside: it follows the chain over RPC and reaches its peers over
//! TCP. Driven by one command a line on standard input; tells one JSON object a line on standard output: answers
//! (`re`, with `ok` or `err`) in the order of the commands, and what happens to it (`event`) in between.
//!
//! Arguments: folder, host and port of the RPC, its user, its password, the address to listen on, an alias.

use ldk_node::bitcoin::{secp256k1::PublicKey, Network};
use ldk_node::lightning::ln::msgs::SocketAddress;
use ldk_node::lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescription, Description};
use ldk_node::{Builder, Event, Node};
use serde_json::{json, Value};
use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::Arc;
use std::{env, io::BufRead, thread};

type Answer = Result<Value, String>;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, rpc, user, password, listen, alias] = arguments.as_slice() else {
        panic!("outsider FOLDER HOST:PORT USER PASSWORD LISTEN ALIAS");
    };
    let node = Arc::new(build(folder, rpc, user, password, listen, alias));
    node.start().expect("the node starts");
    tell(json!({ "event": "started", "pubkey": node.node_id().to_string() }));
    let listening = Arc::clone(&node);
    thread::spawn(move || loop {
        let event = listening.wait_next_event();
        tell(describe(&event));
        listening.event_handled().expect("the event is kept as handled");
    });
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input is text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(command) = words.first() else {
            continue;
        };
        match obey(&node, &words) {
            Ok(value) => tell(json!({ "re": command, "ok": value })),
            Err(reason) => tell(json!({ "re": command, "err": reason })),
        }
    }
    node.stop().expect("the node stops");
}

fn build(folder: &str, rpc: &str, user: &str, password: &str, listen: &str, alias: &str) -> Node {
    let (host, port) = rpc.rsplit_once(':').expect("HOST:PORT");
    let mut builder = Builder::new();
    builder.set_network(Network::Regtest);
    builder.set_storage_dir_path(folder.to_string());
    builder.set_chain_source_bitcoind_rpc(
        host.to_string(),
        port.parse().expect("a port"),
        user.to_string(),
        password.to_string(),
    );
    builder.set_gossip_source_p2p();
    builder
        .set_listening_addresses(vec![parse(listen).expect("an address to listen on")])
        .expect("an address that may be told");
    builder.set_node_alias(alias.to_string()).expect("an alias");
    builder.set_filesystem_logger(None, None);
    builder.build().expect("a node")
}

fn tell(value: Value) {
    println!("{value}");
}

fn describe(event: &Event) -> Value {
    match event {
        Event::PaymentSuccessful { fee_paid_msat, .. } => {
            json!({ "event": "paid", "fee_msat": fee_paid_msat })
        }
        Event::PaymentFailed { reason, .. } => {
            json!({ "event": "failed", "reason": format!("{reason:?}") })
        }
        Event::PaymentReceived { amount_msat, .. } => {
            json!({ "event": "received", "amount_msat": amount_msat })
        }
        Event::ChannelPending { .. } => json!({ "event": "pending" }),
        Event::ChannelReady { .. } => json!({ "event": "ready" }),
        Event::ChannelClosed { reason, .. } => {
            json!({ "event": "closed", "reason": format!("{reason:?}") })
        }
        other => json!({ "event": "other", "is": format!("{other:?}") }),
    }
}

fn obey(node: &Node, words: &[&str]) -> Answer {
    match words {
        ["address"] => told(node.onchain_payment().new_address()),
        ["balance"] => Ok(balance(node)),
        ["channels"] => Ok(channels(node)),
        ["graph"] => Ok(graph(node)),
        ["connect", peer, address] => {
            let done = node.connect(parse(peer)?, parse(address)?, true);
            done.map(|()| json!(true)).map_err(reason)
        }
        ["open", peer, address, sat] => {
            let (peer, address): (PublicKey, SocketAddress) = (parse(peer)?, parse(address)?);
            let opened = node.open_announced_channel(peer, address, parse(sat)?, None, None);
            opened.map(|id| json!(id.0.to_string())).map_err(reason)
        }
        ["pay", invoice] => {
            let invoice: Bolt11Invoice = parse(invoice)?;
            told(node.bolt11_payment().send(&invoice, None))
        }
        ["invoice", msat] => {
            let text = Description::new("from outside".to_string()).map_err(reason)?;
            let description = Bolt11InvoiceDescription::Direct(text);
            told(node.bolt11_payment().receive(parse(msat)?, &description, 3600))
        }
        ["close"] => {
            let channel = node.list_channels().into_iter().next().ok_or("no channel")?;
            let done = node.close_channel(&channel.user_channel_id, channel.counterparty_node_id);
            done.map(|()| json!(true)).map_err(reason)
        }
        ["sync"] => node.sync_wallets().map(|()| balance(node)).map_err(reason),
        _ => Err(format!("there is no such command: {}", words.join(" "))),
    }
}

fn balance(node: &Node) -> Value {
    let balances = node.list_balances();
    json!({
        "height": node.status().current_best_block.height,
        "onchain_sat": balances.spendable_onchain_balance_sats,
        "channels_sat": balances.total_lightning_balance_sats,
    })
}

fn channels(node: &Node) -> Value {
    let all = node.list_channels();
    let each = all.iter().map(|channel| {
        json!({
            "peer": channel.counterparty_node_id.to_string(),
            "usable": channel.is_usable,
            "announced": channel.is_announced,
            "outbound_msat": channel.outbound_capacity_msat,
            "inbound_msat": channel.inbound_capacity_msat,
        })
    });
    each.collect()
}

/// What it has learned of the network by gossip.
fn graph(node: &Node) -> Value {
    let graph = node.network_graph();
    let names = graph
        .list_nodes()
        .into_iter()
        .filter_map(|id| graph.node(&id)?.announcement_info)
        .map(|told| json!({ "alias": told.alias().to_string(), "addresses": told.addresses().len() }));
    json!({ "channels": graph.list_channels().len(), "nodes": names.collect::<Vec<_>>() })
}

fn parse<T: FromStr>(text: &str) -> Result<T, String>
where
    T::Err: Debug,
{
    text.parse().map_err(reason)
}

fn told<T: Display>(result: Result<T, ldk_node::NodeError>) -> Answer {
    result.map(|value| json!(value.to_string())).map_err(reason)
}

fn reason(error: impl Debug) -> String {
    format!("{error:?}")
}
