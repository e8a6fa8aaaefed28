"""Words that raise a ticket's priority because somebody broke in, or could, or saw what is not theirs."""

from functions.classify.rule_match import Terms

SECURITY = (
    Terms(
        "security breach",
        {"HIGH": 4},
        "breach, data breach, breached, hacked, hacker, hackers, attacker, attackers, intruder, intrusion, "
        "compromised, ransomware, ransom, ransom note, malware, trojan, rootkit, backdoor, webshell, cryptominer, "
        "crypto miner, xmrig, mining pool, botnet, exfiltrated, exfiltration, data leak, leak of data, leaked, "
        "leaking data, stolen, phishing page, phishing site, hijack, hijacked, hijacking, account takeover, "
        "privilege escalation, lateral movement, ddos, ddos attack, syn flood, brute force, sql injection, "
        "remote code execution, rce, path traversal, ssrf, authentication bypass, auth bypass, bypassrls, "
        "signature not verified, alg=none, zero day, 0day, actively exploited, exploited, exploit, "
        "unauthorized access, unknown login, suspicious login, reportable leak, publicly readable, "
        "publicly accessible, public-read, open to world, open to internet, world readable, open to everyone, "
        "reachable from internet, exposed to internet, exposed, without password, w/o password, no password needed, "
        "no auth, without authentication, accepts any password, any password, plain text passwords, "
        "plaintext passwords, passwords in log, credentials leaked, secret leaked, key leaked, leaked key, "
        "committed secret, committed credentials, under attack, attack running, identity theft, "
        "data protection authority, gdpr incident, files encrypted, encrypted all files, became admin, "
        "reverse shell, tor exit, compromise, infected, infection, decryptor, bitcoin, bitcoin address, "
        "unknown ips, unknown ip addresses, unknown addresses, unknown admin, unknown account, unknown accounts, "
        "unknown process, unknown ssh key, unknown device, successful logons, credential stuffing, password spray, "
        "password spraying, dark web, darknet, for sale online, critical vulnerability, stored xss, csrf, idor, "
        "xss, log4shell, public bucket, bucket public, bucket is public, is public since, indexed by google, "
        "anyone can download, anyone can read, anyone can see, anyone can access, anyone can, without login, "
        "without logging in, no login needed, accessible without, session mixup, mixed up sessions, "
        "sessions mixed up, see each other's, see each other, logged in as someone else, logged in as another, "
        "logged in as other, logged into wrong account, lands in account of, impersonate, impersonation, forged, "
        "forge, spoofed, spoofing, tampered, tampering, skimmer, defaced, defacement, key in public repo, "
        "secrets in repo, password in clear text, clear text passwords, in clear text, default password, "
        "default credentials, open relay, sending spam, sends spam, keylogger, former employee, ex-employee, "
        "access not revoked, mfa bypass, 2fa bypass, bypass, bypasses, bypassed, accepts expired tokens, "
        "expired tokens accepted, accepts invalid, exposes, open rdp, rdp open, attackers scanning, attack, "
        "attacks, suspicious traffic, suspicious process, suspicious activity, dumped credentials, arp spoofing, "
        "rogue dhcp, rogue access point, dns poisoning, cache poisoning, data copied out, copied out, "
        "admin rights for everyone, everyone admin, any user can delete, any user can see, any user can read, "
        "any user can edit, not ours, isnt ours, was not us, not us, unknown country, foreign country, "
        "exported by unknown, outfile, no session check, no permission check, no authorization check, "
        "no access check, step skipped, check skipped, skip login, skip two factor, full session, any order, "
        "changed someone's, guess url, change url, changing number in url, url manipulation, enumerate, "
        "enumeration, sequential ids, admin panel open, admin page open, token never expires, "
        "still logged in after, revoked but, still has access, still have access, phishing, phishing copy, "
        "lookalike domain, logs cleared, event logs cleared, log cleared, unknown member, unknown user, "
        "unknown person, unknown port, unknown host, unknown service, sniffing, sniffer, mirrored to unknown, "
        "man in middle, mitm, forged invoice, data for sale, sold online, extortion, blackmail, stolen laptop, "
        "laptop stolen, lost laptop, mail forwarding to unknown, forwarding rule to",
    ),
    Terms(
        "other people's data",
        {"HIGH": 3.5},
        "other people's, other people data, someone else's, somebody else's, other customers' data, "
        "other customer's data, another customer's, another customer, data of another customer, "
        "data of other customers, see other customers, see other users, other tenant, another tenant, "
        "other tenants, tenant isolation, data of other tenants, of stranger, strangers, wrong recipient, "
        "wrong recipients, wrong patient, wrong customer's, mixed up patients, cross tenant, any tenant, "
        "all salaries, can read others, can see salary, everyone can see, everyone can read, visible to everyone, "
        "visible for everyone, visible to all, previous patient, previous customer, previous user, other patient, "
        "other patients, other patient's, addressed to others, someone else, somebody else, wrong customer, "
        "wrong person, wrong patients",
    ),
    Terms(
        "private data",
        {"HIGH": 1.2},
        "passport, passports, iban, personal data, credit card numbers, card numbers, medical records, "
        "patient data, salary data, pii, social security, gdpr, confidential, password list, private keys, "
        "credentials, keys stolen, ssn",
    ),
    Terms(
        "possible weakness",
        {"HIGH": 1.6},
        "vulnerability, vulnerabilities, vulnerable, cve, security hole, security issue, security incident, "
        "security problem, pen test, pentest, security, wide open, left open, unencrypted, unpatched",
    ),
)
