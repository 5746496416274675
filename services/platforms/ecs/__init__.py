"""AWS ECS: a service per site in the user's own account, of an image that CodeBuild builds there.

Facts: botocore's models of ECS (Express Mode, service deployments), CodeBuild, ECR and CloudWatch Logs.
"""
