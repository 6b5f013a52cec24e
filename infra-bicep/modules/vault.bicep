// The vault holds one secret: the master keys. Its value is put there by the operator; the template never sees it.
param name string
param location string
param tags object
param principal string
param vaultRole string
param endpointSubnet string
param zones object
param workspace string

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Disabled'
    networkAcls: { bypass: 'None', defaultAction: 'Deny' }
  }
}

// At the scope of the vault, since the secret is not there before the operator has made it.
resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, vaultRole, principal)
  properties: {
    principalId: principal
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', vaultRole)
  }
}

module endpoint 'private-endpoint.bicep' = {
  name: '${name}-vault'
  params: { target: vault.id, targetName: name, group: 'vault', location: location, tags: tags, subnet: endpointSubnet, zone: zones.vault }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-workspace'
  properties: { workspaceId: workspace, logs: [{ category: 'AuditEvent', enabled: true }] }
}

output masterKeysUri string = '${vault.properties.vaultUri}secrets/master-keys'
