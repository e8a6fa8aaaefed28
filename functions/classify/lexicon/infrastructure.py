"""Words that point to machines, clusters, storage, power, build systems or mail as the cause."""

from functions.classify.rule_match import Terms

INFRASTRUCTURE = (
    Terms(
        "virtual machine",
        {"Infrastructure": 3},
        "vm, vms, virtual machine, virtual machines, vmware, vsphere, esx, esxi, vcenter, vmotion, hyper-v, hyperv, "
        "proxmox, kvm, qemu, xen, xenserver, nutanix, hypervisor, hypervisors, datastore, vmdk, cpu steal, ec2, "
        "machine image, machine images, amis, ami, spot instance, spot instances, instance type, instance types, "
        "reserved instances, droplet, compute engine, gce, vmss, status check failed, statuscheckfailed, "
        "thin client, vdi, citrix, terminal server, rds host, golden image, guest os",
    ),
    Terms(
        "cluster",
        {"Infrastructure": 3},
        "kubernetes, k8s, kube, k3s, kubectl, kubelet, kube-proxy, kubeadm, openshift, rancher, eks, aks, gke, "
        "ecs task, fargate, nomad, docker swarm, worker node, worker nodes, node group, node pool, nodepool, "
        "nodenotready, kubenodenotready, node not ready, notready, node pressure, diskpressure, memorypressure, "
        "control plane, etcd, hpa, autoscaler, auto scaling, autoscaling, autoscaling group, daemonset, "
        "statefulset, helm, helm chart, argocd, argo cd, fluxcd, persistent volume, pvc, persistentvolumeclaim, "
        "failedscheduling, 0/1 nodes available, namespace, kustomize, karpenter, cert-manager, api server, "
        "apiserver, ingress controller, configmap, taint, cordon, drain, cluster partitioned, "
        "network partition in cluster, kube-system, coredns pod, node recycling, node drain, pod eviction, "
        "pods pending, pdb, cluster upgrade, crd, kubeconfig, service mesh, istio, linkerd, docker compose, mesos",
    ),
    Terms(
        "container",
        {"Infrastructure": 2.4},
        "container, containers, docker, dockerfile, containerd, podman, docker image, base image, image pull, "
        "imagepullbackoff, errimagepull, failed to pull image, toomanyrequests, container registry, docker hub, "
        "ecr, harbor, crashloopbackoff, crashloop, crash loop, oomkilled, oom killer, oom-killer, oomkill, oom, "
        "back-off, backoff, pod, pods, pod restarts, container restarts, sidecar, liveness probe, readiness probe, "
        "cgroup, exit code 137, exit code 139, exit code 143, evicted pod, pending pods, memory limit, "
        "cpu throttling, cpu limit",
    ),
    Terms(
        "machine",
        {"Infrastructure": 1.6},
        "server, servers, host, hosts, machine, machines, node, nodes, instance, instances, cluster, box, hardware, "
        "linux, ubuntu, debian, rhel, centos, rocky linux, suse, operating system, os upgrade, windows server, "
        "workstation, laptop, app server, application server, web server, kiosk, printer, print queue, "
        "print server, print spooler, spooler, docking station, mainframe, as/400, appliance, fleet, bare metal, "
        "motherboard, badge reader, badge readers, badge doors, door controller, cctv, camera, cameras, "
        "label printer, barcode printer, projector, monitor cable, usb, keyboard, mouse, macbook, notebook, "
        "desktop pc, pc, pcs, computer, computers, tablet mdm, mdm, bitlocker, shared mailbox, distribution list, "
        "mailbox, outlook profile, outlook, exchange, office 365, m365, microsoft 365, entra, azure ad, okta agent, "
        "time server, ntp server, toner",
    ),
    Terms(
        "processor and memory",
        {"Infrastructure": 2},
        "cpu, cpus, cpu usage, cpu load, high cpu, cpu 100, load average, load1, load5, highload, high load, "
        "iowait, memory, memory usage, memory pressure, ram, swap space, swap usage, swapping, out of memory, "
        "outofmemory, gpu, gpus, cuda, too many open files, emfile, ulimit, file descriptors, "
        "fork cannot allocate memory, cannot allocate memory, zombie processes, huge pages, numa",
    ),
    Terms(
        "storage",
        {"Infrastructure": 2.6},
        "disk, disks, disk space, disk full, no space left, no space left on device, enospc, inode, inodes, "
        "filesystem, file system, fsck, read-only file system, mount point, not mount, unmounted, file server, "
        "fileserver, file share, network share, shares, nas, san, iscsi, lun, fibre channel, hba, multipath, nfs, "
        "smb share, cifs, ceph, glusterfs, zfs, zpool, raid, raid5, raid6, raid controller, degraded array, mdadm, "
        "ssd, nvme, hdd, hard drive, smart error, bad sectors, ebs, efs, s3, bucket, buckets, object storage, "
        "object store, minio, blob storage, storage account, storage, volume, volumes, ext4, xfs, iops, "
        "quota exceeded, thin pool, scratch space, var/log, i/o error, i/o errors",
    ),
    Terms(
        "power and cooling",
        {"Infrastructure": 3},
        "server room, data center, datacenter, datacentre, rack, racks, power supply, psu, ups, pdu, power outage, "
        "power cut, power failure, power loss, no power, blackout, diesel generator, generator, cooling, "
        "cooling unit, air conditioning, aircon, hvac, overheating, overheat, thermal, temperature, degrees, fan, "
        "fans, fan noise, water leak, smoke, fire suppression, colo, colocation, blade, chassis, availability zone, "
        "zone failure, az outage, kvm console, psus, ups battery, cold aisle, hot aisle, power feed, electrician, "
        "temperature alarm, humidity, chiller, crac, smoke in server room, kvm switch",
    ),
    Terms(
        "firmware and operating system",
        {"Infrastructure": 2.6},
        "kernel, kernel panic, kernel patch, kernel patches, initramfs, grub, not boot, boot loop, bios, uefi, "
        "firmware, ilo, idrac, ipmi, bmc, bsod, blue screen, purple screen, psod, windows update, windows updates, "
        "patch tuesday, wsus, sccm, intune, kb update, os patching, os patches, systemd, systemctl, journald, ntp, "
        "ntpd, chrony, chronyd, clock drift, clock skew, time drift, time sync, ssh, sshd, ssh key, ssh login, "
        "sudo, jump host, jump box, jumphost, bastion, motd, active directory, domain controller, group policy, "
        "gpo, ldap server, kerberos, selinux, apt upgrade, yum update, end of life os, reboot, reboots, rebooted, "
        "rebooting, hangs at boot, segfault in libc, screen resolution on console, domain admin, domain admins, "
        "admins group, ad group, ecc errors, ecc, dimm, dimms, event logs, storage array, service account, "
        "docker daemon, swarm managers, swarm, desktop folder",
    ),
    Terms(
        "build and delivery",
        {"Infrastructure": 2.4},
        "ci, ci/cd, cicd, jenkins, gitlab, gitlab runner, gitlab ci, runner, runners, github actions, build agent, "
        "build agents, build server, build runner, build pipeline, deploy pipeline, deployment pipeline, pipeline, "
        "pipelines, teamcity, bamboo, circleci, azure devops, build queue, artifact upload, artifacts, artifactory, "
        "nexus, sonarqube, buildkite, tekton, spinnaker, bazel cache, git server, terraform, tfstate, state lock, "
        "ansible, puppet, saltstack, chef, playbook, cloudformation, pulumi, packer, infrastructure as code, iac, "
        "hashicorp vault, vault sealed, consul, license server, sigkill, build log, builds, build, nightly build, "
        "build cache, build minutes, deploy job, release job, deploy keys, jenkins controller, jenkins host, "
        "terraform plan, terraform apply, tf apply, drift detection, container build, image build, image scan, "
        "helm upgrade, canary deployment, blue green",
    ),
    Terms(
        "message brokers",
        {"Infrastructure": 2},
        "kafka, zookeeper, rabbitmq, activemq, amqp, sqs, pulsar, nats, message broker, broker, brokers, "
        "under replicated partitions, kafka broker, consumer lag, mail server, mail relay, mail gateway, "
        "exchange server, exchange online, postfix, smtp, smtp relay, sendmail, exim, mail queue, mailbox quota, "
        "mailbox size, spam filter, ftp server, sftp server, sftp",
    ),
    Terms(
        "monitoring",
        {"Infrastructure": 1.2},
        "prometheus, grafana, alertmanager, nagios, zabbix, icinga, checkmk, cloudwatch, node exporter, "
        "metrics-server, monitoring, monitoring agent, telegraf, datadog agent, logstash, fluentd, fluent bit, "
        "filebeat, log host, log server, log shipper, syslog, logrotate, log rotation, log files, uptime, loki, "
        "kibana, splunk, cron, cronjob, crontab, scheduled task, task scheduler",
    ),
    Terms(
        "certificates on hosts",
        {"Infrastructure": 1.7},
        "certificate, certificates, certificate expired, certificate expires, expired certificate, "
        "certificate renewal, certbot, letsencrypt, lets encrypt, acme, keystore, wildcard certificate, "
        "err_cert_date_invalid, hsts, ca bundle, connection is not private, private key file, pem",
    ),
    Terms(
        "cloud account",
        {"Infrastructure": 1.6},
        "aws, azure, gcp, google cloud, cloud account, cloud bill, cloud cost, iam, iam role, iam user, kms, "
        "secrets manager, parameter store, lambda, serverless, cloud function, region, regions, cost center tag, "
        "cost-center, quota, vcpu quota, service limit, service quota, capacity, us-east-1, eu-west-1, "
        "eu-central-1, resource group, subscription limit, tag, tags, provisioning, provision, decommission, "
        "rightsizing, housekeeping, asset, inventory",
    ),
    Terms(
        "machine backups",
        {"Infrastructure": 3},
        "veeam, commvault, bacula, borg, restic, netbackup, rubrik, backup job, vm backup, host backup, "
        "host backups, server backup, vss, vss writer, restore point, restore points, tape, tapes, tape library, "
        "offsite sync, offsite copy, backup server, backup storage, backup window, backup repository",
    ),
    Terms(
        "malware on machines",
        {"Infrastructure": 2},
        "ransomware, ransom note, ransom, malware, virus, trojan, rootkit, xmrig, miner, cryptominer, crypto miner, "
        "mining pool, cryptojacking, botnet, webshell, encrypted files, files encrypted, falco, crowdstrike, edr, "
        "antivirus, defender, compromised host, compromised server, reverse shell",
    ),
    Terms(
        "hidden",
        {},
        "host party, host event, host meeting, host webinar, sales pipeline, fan base, fan shop, fan page",
    ),
    Terms(
        "hidden",
        {},
        "server error, internal server error, server answers, in memory of, node.js, nodejs",
    ),
    Terms(
        "hidden",
        {},
        "box office, check box, text box, search box, volume discount, sales volume, time machine",
    ),
)
