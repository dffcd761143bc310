"""What may be set: params.yaml, typed and composed from conf/."""
