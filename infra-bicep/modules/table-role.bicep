// One role on one table, to one identity.
param account string
param tableName string
param role string
param principal string

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' existing = {
  name: '${account}/default/${tableName}'
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: table
  name: guid(account, tableName, role, principal)
  properties: {
    principalId: principal
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}
