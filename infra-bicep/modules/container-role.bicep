// One role on containers of a storage account, to one identity.
param account string
param containers string[]
param role string
param principal string
@allowed(['ServicePrincipal', 'Group'])
param principalType string = 'ServicePrincipal'

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' existing = [for name in containers: {
  name: '${account}/default/${name}'
}]

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, i) in containers: {
  scope: container[i]
  name: guid(account, name, role, principal)
  properties: {
    principalId: principal
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]
