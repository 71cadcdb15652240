"""The OpenAPI document: operations are described beside their routes, fields beside the schemas that render them."""
