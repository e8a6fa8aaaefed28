"""Words that point to the network as the cause: names, addresses, paths, and what sits in front of the servers."""

from functions.classify.rule_match import Terms

NETWORK = (
    Terms(
        "names",
        {"Network": 3},
        "dns, nxdomain, servfail, resolver, resolvers, nameserver, name server, name resolution, cname, mx record, "
        "txt record, ns record, aaaa record, ptr record, reverse lookup, dnssec, route53, route 53, bind9, unbound, "
        "pihole, getaddrinfo, enotfound, eai_again, could not resolve host, cannot resolve, "
        "temporary failure in name resolution, unknown host, unknownhostexception, coredns, registrar, "
        "split horizon, hosts file, err_name_not_resolved, dns_probe_finished_nxdomain, dns record, dns records, "
        "dns server, dns servers, dns zone, host record, zone transfer, dig, nslookup, not resolving, "
        "name not resolve, hostname not resolve, delegation, glue record, wildcard record, lower ttl, mx, dyndns",
    ),
    Terms(
        "names",
        {"Network": 1.5},
        "domain, domain name, subdomain, ttl, spf, dkim, dmarc, zone file, dns zone, domain transfer",
    ),
    Terms(
        "addresses",
        {"Network": 2.6},
        "dhcp, ip address, ip addresses, static ip, ip conflict, public ip, elastic ip, ipv4, ipv6, subnet, "
        "subnets, subnet mask, cidr, default gateway, mac address, address pool, lease pool, scope exhausted, arp, "
        "gratuitous arp, 169.254, apipa, ip range, source ip, open port, open ports, port open, port closed, "
        "port blocked, ports blocked, blocked port, port range, ip whitelist, ip allowlist, fixed ip, reserve ip, "
        "ip reservation, dhcp reservation, dhcp lease, network segment, network range",
    ),
    Terms(
        "addresses",
        {"Network": 1.2},
        "ip, ips, port, ports, allow list, allowlist, whitelist, allow listed, denylist",
    ),
    Terms(
        "switching",
        {"Network": 3},
        "vlan, vlans, vxlan, lan, spanning tree, spanning-tree, rstp, bpdu, lacp, port channel, portchannel, "
        "etherchannel, mac flapping, broadcast storm, multicast, unicast flooding, core switch, access switch, "
        "network switch, switch port, switchport, switch stack, top of rack switch, tor switch, trunk port, "
        "native vlan, poe, ethernet, patch panel, patch cable, network cable, network socket, wall socket, "
        "wall jack, sfp, transceiver, optics, line card, crc errors, duplex, interface errors, ifinerrors, "
        "port flapping, link flap, link down, uplink, port security, dot1x, 802.1x, network jack, catalyst, "
        "nexus switch, cabling",
    ),
    Terms(
        "switching",
        {"Network": 1.3},
        "switch, switches, trunk, cable, cables, fiber, dark fiber, sw, flapping, flap, nic",
    ),
    Terms(
        "routing",
        {"Network": 3},
        "bgp, ospf, eigrp, isis adjacency, route table, routing table, route tables, static route, default route, "
        "asymmetric routing, routing loop, route leak, router, routers, wan, sdwan, sd-wan, mpls, isp, peering, "
        "vpc peering, transit gateway, direct connect, expressroute, interconnect, carrier, carriers, leased line, "
        "internet line, internet link, internet connection, internet access, dsl, lte backup, lte router, as path, "
        "asn, neighbor down, hold timer, hop, hops, traceroute, tracert, mtr, next hop, no route to host, "
        "ehostunreach, enetunreach, network unreachable, network is unreachable, host unreachable, "
        "destination host unreachable, circuit id, fiber line, fiber cut, backup circuit, submarine cable, "
        "subsea cable, starlink, nat gateway, internet gateway, mtu, mss, fragmentation, pmtu, path mtu, "
        "jumbo frames, blackholing, blackhole, anycast, last mile, point to point link, microwave link, "
        "cross connect, vpc endpoint, privatelink",
    ),
    Terms(
        "routing",
        {"Network": 1.2},
        "routing, route, routes, rerouted, circuit, provider, internet, peer, from outside, egress",
    ),
    Terms(
        "security devices",
        {"Network": 3},
        "firewall, firewalls, firewall rule, security group, security groups, network acl, nacl, acls, waf, dmz, "
        "ids, intrusion detection, palo alto, fortinet, fortigate, fortios, sophos, sonicwall, pfsense, opnsense, "
        "zscaler, any any, any->any, iptables, nftables, port scan, geoblocking, geo blocking, geo block, "
        "network policy, networkpolicy, egress rule, ingress rule, port forwarding, port forward, nat, snat, dnat, "
        "cgnat, nat change, ddos, ddosed, syn flood, udp flood, volumetric, scrubbing, proxy pac, web proxy, "
        "web filter, content filter, bot protection, ip block, acl rule, firewall change, firewall policy, "
        "firewall ticket, rule base, rulebase, rule drops, udp amplification, nat rule, ngfw, vpn rule, allow rule, "
        "deny rule, dropped by firewall, blocked by firewall, stateful, fw, rdp open, open rdp, port 3389, "
        "exposes 3389, ip blocked, blocks our ip, rogue access point, arp spoofing, rogue dhcp, perimeter",
    ),
    Terms(
        "security devices",
        {"Network": 1.2},
        "flood, inbound, outbound, acl, radius, blocked port, proxy",
    ),
    Terms(
        "tunnels",
        {"Network": 3},
        "vpn, vpns, vpn client, vpn concentrator, vpn gateway, ipsec, ikev2, ike, wireguard, openvpn, anyconnect, "
        "globalprotect, forticlient, pptp, l2tp, site to site, site-to-site, tunnel, tunnels, split tunnel, "
        "tailscale, zerotier, gre, remote access vpn",
    ),
    Terms(
        "wireless",
        {"Network": 3},
        "wifi, wi-fi, wireless, ssid, access point, access points, wlc, captive portal, guest network, "
        "guest portal, eduroam, wpa2, wpa3, roaming, rssi, signal strength, hotspot, meraki, unifi, ubiquiti, "
        "aruba, mikrotik, cisco, juniper, netgear, 5 ghz, 2.4 ghz, wireless controller",
    ),
    Terms(
        "load balancing",
        {"Network": 2.5},
        "load balancer, load balancers, loadbalancer, lb, elb, alb, nlb, haproxy, keepalived, vrrp, vip, "
        "virtual ip, f5, big-ip, bigip, target group, unhealthy targets, backend pool, sticky sessions, "
        "bad gateway, no server available, netscaler, application gateway, front door, reverse proxy, envoy, "
        "istio gateway, no healthy upstream, upstream connect error, global accelerator, traffic manager",
    ),
    Terms(
        "load balancing",
        {"Network": 0.9},
        "502, 503, 504, gateway timeout, gateway, nginx, traefik, health check, upstream",
    ),
    Terms(
        "content delivery",
        {"Network": 2.6},
        "cdn, cloudfront, cloudflare, akamai, fastly, edge node, edge nodes, edge location, edge server, "
        "cache purge, pop, pops, origin shield, cache hit ratio, edge cache, cdn purge, cloudflare 520, error 522, "
        "error 524, imperva",
    ),
    Terms(
        "content delivery",
        {"Network": 1},
        "edge, origin, purge",
    ),
    Terms(
        "TLS",
        {"Network": 2},
        "tls, mtls, tls handshake, ssl handshake, handshake failure, handshake failed, handshake, cipher, "
        "cipher suite, ciphers, sni, ssl alert, renegotiation, tls 1.0, tls 1.2, tls1.3, err_ssl_protocol_error, "
        "openssl s_client, handshake fails, tls version, tls offload, tls termination, https drops, "
        "https handshake, cert swap, sslv3, alpn, http2, quic",
    ),
    Terms(
        "TLS",
        {"Network": 0.8, "Infrastructure": 0.6},
        "ssl, x509, openssl, certificate chain, intermediate certificate",
    ),
    Terms(
        "telephony",
        {"Network": 2.6},
        "sip, sip trunk, voip, rtp, ip phone, ip phones, pbx, telephony, phone system, desk phones, softphone, "
        "one way audio, dial tone, no dial tone, call quality, choppy audio, choppy calls, conference bridge, qos, "
        "dscp, phone line, phone lines, telephone line, hotline number, extension number, call forwarding, "
        "call drops, dropped calls, calls drop, caller id, trunk registration, sip registration, fax, dect, "
        "handset, handsets, video conference, videoconference, teams call, teams calls, zoom call, zoom calls",
    ),
    Terms(
        "traffic",
        {"Network": 2.6},
        "packet loss, packets lost, packets dropped, dropped packets, packet, packets, jitter, round trip, rtt, "
        "bandwidth, congestion, saturated link, link saturated, netflow, tcpdump, wireshark, pcap, icmp, ping, "
        "pings, syn, tcp retransmits, retransmission, retransmissions, retransmits, link utilization, iperf, "
        "speedtest, speed test, connectivity, connectivity loss, network path, lateral movement, netstat, conntrack",
    ),
    Terms(
        "network",
        {"Network": 2},
        "network, networks, networking, netzwerk, network connection",
    ),
    Terms(
        "broken connections",
        {"Network": 1.6},
        "econnrefused, connection refused, econnreset, connection reset, connection reset by peer, etimedout, "
        "connection timed out, err_connection_timed_out, err_connection_refused, err_connection_reset, broken pipe, "
        "epipe, tcp, udp, latency, socket hang up, connection aborted, no connection, traffic, cannot ping, "
        "connect timeout, connection drops, disconnects, drops connection, half open connections, "
        "err_internet_disconnected",
    ),
    Terms(
        "place",
        {"Network": 0.7},
        "branch, branches, branch office, remote site, remote office, floor, office, meeting room, building, site, "
        "home office, campus, headquarters, hq, from home, link, links, latency between, telnet, snmp, unreachable, "
        "timed out, timeout, connection, connections, not reachable, cannot connect, cannot reach",
    ),
    Terms(
        "hidden",
        {},
        "social network, partner network, network of partners, professional network, dealer network, port of call, "
        "internet explorer, light switch, traffic light, website traffic, site traffic, traffic report, "
        "circuit breaker, page link, broken link, dead link, download link, reset link, link text, hyperlink, "
        "link generator, office hours, back office, front office, site manager, on site, train connection, "
        "site reliability, on call, phone number, phone app, call for papers",
    ),
    Terms(
        "hidden",
        {},
        "switch to, switched to, switched off, switched on, switch off, switch over, switch back",
    ),
    Terms(
        "telephony",
        {"Network": 1.0},
        "phone, phones, telephone, call center, hotline, conference room, audio, voice, video calls",
    ),
    Terms(
        "client words",
        {"Application": 1.5},
        "network tab, network diagram widget, network error message, network page, network graph widget, "
        "network widget",
    ),
    Terms(
        "telephony",
        {"Network": 1.4},
        "phone calls, incoming calls, outgoing calls, callers, caller",
    ),
)
