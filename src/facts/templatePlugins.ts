/** A kind of plugin that templates use by its name. */
export type TemplatePluginKind = 'filter' | 'test'

const named = (names: string): readonly string[] => names.trim().split(/\s+/)

/**
 * The filters and tests that a template may use by a bare name: those of Jinja2 and of ansible-core, as 2.14 and 2.21 have them,
 * and those that ansible-core looks for in a collection.
 * https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/index.html#filter-plugins
 * https://github.com/ansible/ansible/blob/v2.21.5/lib/ansible/config/ansible_builtin_runtime.yml
 */
export const templatePlugins: Readonly<Record<TemplatePluginKind, ReadonlySet<string>>> = {
  filter: new Set([
    ...named(`
    abs attr b64decode b64encode basename batch bool capitalize center checksum combinations
    combine comment commonpath count d default dict2items dictsort difference dirname e escape
    expanduser expandvars extract fileglob filesizeformat first flatten float forceescape format
    from_json from_yaml from_yaml_all groupby hash human_readable human_to_bytes indent int
    intersect items items2dict join last length list log lower mandatory map max md5 min normpath
    password_hash path_join permutations pow pprint product quote random realpath regex_escape
    regex_findall regex_replace regex_search reject rejectattr rekey_on_member relpath replace
    reverse root round safe select selectattr sha1 shuffle slice sort split splitext strftime
    string striptags subelements sum symmetric_difference ternary title to_datetime to_json
    to_nice_json to_nice_yaml to_uuid to_yaml tojson trim truncate type_debug union unique unvault
    upper urldecode urlencode urlize urlsplit vault win_basename win_dirname win_splitdrive
    wordcount wordwrap xmlattr zip zip_longest
    `),
    // In collections.
    ...named(`
    cidr_merge comp_type5 gcp_kms_decrypt gcp_kms_encrypt hash_salt hwaddr ip4_hex ipaddr ipmath
    ipsubnet ipv4 ipv6 ipwrap json_query k8s_config_resource_name network_in_network
    network_in_usable next_nth_usable nthhost parse_cli parse_cli_textfsm parse_xml
    previous_nth_usable random_mac reduce_on_network slaac type5_pw vlan_parser
    `),
  ]),
  test: new Set(
    named(`
    abs all any boolean callable change changed contains defined directory divisibleby eq equalto
    escaped even exists failed failure false falsy file filter finished float ge greaterthan gt in
    integer is_abs is_dir is_file is_link is_mount is_same_file isnan issubset issuperset iterable
    le lessthan link link_exists lower lt mapping match mount nan ne none number odd reachable
    regex same_file sameas search sequence skip skipped started string subset succeeded success
    successful superset test timedout true truthy undefined unreachable upper uri url urn
    vault_encrypted vaulted_file version version_compare
    `),
  ),
}
