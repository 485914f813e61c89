/**
 * Facts that `ansible.builtin.setup` gathers, by their names in `ansible_facts`:
 * https://github.com/ansible/ansible/tree/devel/lib/ansible/module_utils/facts
 */
const gathered: ReadonlySet<string> = new Set(
  `all_ipv4_addresses all_ipv6_addresses apparmor architecture bios_date bios_vendor bios_version board_asset_tag
  board_name board_serial board_vendor board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version
  cmdline date_time default_ipv4 default_ipv6 device_links devices distribution distribution_debug
  distribution_file_parsed distribution_file_path distribution_file_search_string distribution_file_variety
  distribution_major_version distribution_minor_version distribution_release distribution_version dns domain
  effective_group_id effective_group_ids effective_user_id env fibre_channel_wwn fips firmware_version flags form_factor
  fqdn gather_subset hostname hostnqn interfaces is_chroot iscsi_iqn kernel kernel_version loadavg local
  locally_reachable_ips lpar_info lsb lvm machine machine_id memfree_mb memory_mb memtotal_mb model module_setup mounts
  nodename os_family osrevision osversion pkg_mgr proc_cmdline processor processor_cores processor_count
  processor_nproc processor_threads_per_core processor_vcpus product_name product_serial product_uuid product_version
  python python_version real_group_id real_user_id selinux selinux_python_present service_mgr swap_allocated_mb
  swap_reserved_mb swapfree_mb swaptotal_mb system system_capabilities system_capabilities_enforced system_vendor
  systemd uptime_seconds user_dir user_gecos user_gid user_id user_shell user_uid userspace_architecture userspace_bits
  vgs virtualization_role virtualization_tech_guest virtualization_tech_host virtualization_type`.split(
    /\s+/,
  ),
)

/** Facts that come in families, also those of other well-known modules. */
const families =
  /^(?:ssh_host_(?:pub_keys$|key_)|discovered_interpreter_|facter(?:$|_)|ohai(?:$|_)|ec2_|zfs_(?:datasets|pools)$)/

/** Network interfaces, as kernels, systemd and container networks call them: `setup` makes a fact of each, with `_` for `-`, `.` and `:`. */
const interfaces =
  /^(?:lo|(?:eth|wlan|wwan|ib|usb|em|ppp|bond|team|dummy|ifb|sit|gre|ip6tnl|tunl|tun|tap|wg|br|vmbr|virbr|vnet|vlan|vxlan|docker|podman|lxcbr|lxdbr|cni|tailscale|macvlan|macvtap|ovs|venet|kube_ipvs)\d+|(?:en|wl|ww|ib|sl)[a-z]?\d\w*?|enx[\da-f]{12}|br_[\da-f]{12}|(?:veth|cali|lxc)[\da-f]+|flannel(?:_\w+)?|cilium_(?:host|net|vxlan|geneve)|vxlan_calico|kube_bridge)(?:_\d+)*$/i

/**
 * Variables by which Ansible tells of itself, over all that files say:
 * https://docs.ansible.com/ansible/latest/reference_appendices/special_variables.html
 */
const ofAnsible =
  /^(?:facts|version|config_file|inventory_sources|playbook_python|forks|check_mode|diff_mode|verbosity|loop_var|index_var|search_path|delegated_vars|failed_task|failed_result|collection_name|dependent_role_names)$/

/** Whether a fact of this name is a network interface that other nodes can reach. */
export const isInterface = (name: string): boolean => name !== 'lo' && interfaces.test(name)

/** Whether no other module, and Ansible itself, makes a fact of this name: without `setup` nobody has it. */
export const isOfSetup = (name: string): boolean => gathered.has(name) || interfaces.test(name)

/** Whether `ansible_…` of this name may come from a node, or from Ansible, whatever files say of it. */
export const isGatheredName = (name: string): boolean =>
  gathered.has(name) || ofAnsible.test(name) || families.test(name) || interfaces.test(name)
