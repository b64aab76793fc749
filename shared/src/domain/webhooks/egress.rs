//! Addresses that webhooks may reach: the public Internet, and networks that the operator names.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::IpNet;

/// Networks that are not the public Internet: special-purpose networks and multicast. IPv6 is public only within
/// `2000::/3`, without the networks listed here.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
const SPECIAL_NETWORKS: [&str; 24] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    // Link-local: metadata services of instances and tasks, and Lambda's own endpoints.
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    // Teredo, ORCHID, benchmarking and other protocol assignments.
    "2001::/23",
    "2001:db8::/32",
    // 6to4.
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
];

static NOT_PUBLIC: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| parse_networks(&SPECIAL_NETWORKS.join(",")).unwrap_or_default());
static GLOBAL_UNICAST: LazyLock<Option<IpNet>> = LazyLock::new(|| "2000::/3".parse().ok());

/// Whether an address is on the public Internet. An IPv4-mapped IPv6 address counts as the IPv4 address.
fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let global = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(_) => GLOBAL_UNICAST.is_some_and(|net| net.contains(&address)),
    };
    global && !NOT_PUBLIC.iter().any(|net| net.contains(&address))
}

/// Networks, configured by the operator, that webhooks may reach beside the public Internet, and also without TLS.
/// Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressAllowlist(Vec<IpNet>);

impl EgressAllowlist {
    /// Whether a webhook may connect to this address: it is on the public Internet or in one of these networks.
    pub fn permits_address(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_in_allowed_network(address)
    }

    /// Whether this address is in one of the networks that the operator configured.
    pub fn is_in_allowed_network(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Parses networks in CIDR notation, separated by commas. May be empty.
impl FromStr for EgressAllowlist {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_networks(text).map(Self)
    }
}

fn parse_networks(text: &str) -> Result<Vec<IpNet>, ipnet::AddrParseError> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_literal(text: &str) -> IpAddr {
        text.parse().unwrap_or_else(|_| unreachable!("{text}"))
    }

    #[test]
    fn every_special_network_parses() {
        assert_eq!(NOT_PUBLIC.len(), SPECIAL_NETWORKS.len());
        assert!(GLOBAL_UNICAST.is_some());
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for public in
            ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1"]
        {
            assert!(is_public(address_literal(public)), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.170.2",
            "172.31.255.255",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "100::1",
        ] {
            assert!(!is_public(address_literal(other)), "{other}");
        }
    }

    #[test]
    fn the_operator_may_allow_more_networks() {
        let reachable: EgressAllowlist = "127.0.0.0/8, ::1/128".parse().unwrap_or_else(|_| unreachable!());
        for named in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "1.1.1.1"] {
            assert!(reachable.permits_address(address_literal(named)), "{named}");
        }
        assert!(
            !reachable.permits_address(address_literal("10.0.0.1"))
                && !reachable.is_in_allowed_network(address_literal("1.1.1.1"))
        );
        assert_eq!("".parse(), Ok(EgressAllowlist::default()));
        assert!("localhost".parse::<EgressAllowlist>().is_err());
    }
}
