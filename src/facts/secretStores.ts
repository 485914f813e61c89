/** Lookups that give a text of a store of secrets, by the last part of their name. */
export const secretTexts =
  /^(?:passwordstore|vault|onepassword|onepassword_doc|onepassword_ssh_key|keyring|lastpass|credstash|aws_secret|secretsmanager_secret|aws_ssm|ssm_parameter|azure_keyvault_secret|gcp_secret_manager|gcp_secret_access|conjur_variable|redis|etcd|consul_kv|sops)$/

/**
 * Lookups that give a mapping, or a list of mappings, with secrets in it.
 * https://docs.ansible.com/ansible/latest/collections/community/hashi_vault/
 * https://docs.ansible.com/ansible/latest/collections/community/general/bitwarden_secrets_manager_lookup.html
 * https://docs.ansible.com/ansible/latest/collections/community/general/tss_lookup.html
 */
export const secretMappings =
  /^(?:vault_kv1_get|vault_kv2_get|vault_read|vault_write|bitwarden_secrets_manager|onepassword_raw|tss|dsv|manifold|cyberarkpassword|etcd3|read_secrets)$/

/** These give one text where they are asked for one field, and else all there is. */
export const secretFields: ReadonlyMap<
  string,
  (term: string | undefined, named: ReadonlySet<string>) => boolean
> = new Map([
  [
    'hashi_vault',
    (term: string | undefined) => term !== undefined && /^(?:secret=)?[^\s:]+:[^\s:]+/.test(term),
  ],
  ['bitwarden', (_: string | undefined, named: ReadonlySet<string>) => named.has('field')],
])

/** Modules that return what a store of secrets has, by the last part of their name. */
export const secretModules =
  /^(?:vault_kv1_get|vault_kv2_get|vault_read|vault_write|vault_database_static_role_get_credentials|keyring_info|onepassword_info|azure_rm_keyvaultsecret_info|gcp_secret_manager|cyberark_credential|read_secrets)$/

/** Modules that return objects of a cluster: https://docs.ansible.com/ansible/latest/collections/kubernetes/core/k8s_info_module.html */
export const objectModules = /^k8s_(?:info|facts)$/
